package dev.darkroom.worker.model;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads for work beside the engine's: a bounded number, in the order of arrival. Those without
 * work end, and with them the OpenMP teams that libtorch may have given them ({@link DeviceLanes}).
 */
public final class TensorThreads implements AutoCloseable {
  private static final Duration DRAIN = Duration.ofSeconds(10);

  private static final Duration IDLE = Duration.ofMillis(100);

  private final ThreadPoolExecutor executor;

  /**
   * @param threads how many pieces of work may run at once
   */
  public TensorThreads(String name, int threads) {
    executor =
        new ThreadPoolExecutor(
            threads,
            threads,
            IDLE.toMillis(),
            TimeUnit.MILLISECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().name(name, 0).daemon().factory());
    executor.allowCoreThreadTimeOut(true);
  }

  /** Runs work when its turn comes. */
  public <T> CompletableFuture<T> submit(Callable<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    executor.execute(
        () -> {
          try {
            result.complete(work.call());
          } catch (Throwable failure) {
            result.completeExceptionally(failure);
          }
        });
    return result;
  }

  /** Whether work handed over now would begin at once or next. */
  public boolean isFree() {
    return executor.getQueue().isEmpty();
  }

  /** Ends once the work already handed over is done, or after a while. */
  @Override
  public void close() {
    executor.shutdown();
    try {
      if (!executor.awaitTermination(DRAIN.toSeconds(), TimeUnit.SECONDS)) {
        executor.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
