package dev.darkroom.worker.model;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * The one thread that computes on a device: steps of the engine and decodings take turns on it, in
 * the order of arrival. Each uses the whole device; two at once would only stand in each other's
 * way.
 *
 * <p>That it is always the same thread matters on a CPU: every thread that calls libtorch gets an
 * OpenMP team of its own, and as soon as the teams have more threads than there are cores, none of
 * them spins at its barriers any more.
 */
public final class DeviceThread implements AutoCloseable {
  private final ExecutorService executor =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().name("device").daemon().factory());

  /** Waits for its turn and runs {@code work}; what that throws, this throws. */
  <T> T run(Supplier<T> work) {
    try {
      return CompletableFuture.supplyAsync(work, executor).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw e;
    }
  }

  @Override
  public void close() {
    executor.close();
  }
}
