package dev.darkroom.worker.model;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The threads that compute on a device, each with its share of it: a forward takes all lanes that
 * are free, its rows dealt out to them, and a decoding takes one; where none is free they wait in
 * the order of arrival.
 *
 * <p>On a CPU, two forwards of half the rows on half the cores each are done sooner than one of all
 * rows on all cores: the threads of one forward meet at each of its operators, and wait there for
 * whichever of them the rest of the machine has held up. A GPU wants one lane: its queue takes
 * turns by itself.
 *
 * <p>That they are always the same threads matters: every thread that calls libtorch gets an OpenMP
 * team of its own, and as soon as the teams have more threads than there are cores, none of them
 * spins at its barriers any more.
 */
public final class DeviceLanes implements AutoCloseable {
  private final int count;
  private final ExecutorService executor;

  /** Work handed over and not done: above {@link #count}, some of it waits. */
  private final AtomicInteger pending = new AtomicInteger();

  public DeviceLanes(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("lanes: expected at least 1, got " + count);
    }
    this.count = count;
    this.executor =
        Executors.newFixedThreadPool(
            count, Thread.ofPlatform().name("device-", 0).daemon().factory());
  }

  /** Waits for a lane and runs {@code work}; what that throws, this throws. */
  <T> T run(Supplier<T> work) {
    pending.incrementAndGet();
    return result(submit(work));
  }

  /**
   * Deals {@code rows} out to the free lanes, as evenly as can be, and waits for all of them: also
   * where one fails, for who hears of it may free what the others still compute with.
   *
   * @param work makes of some rows as many results, in order
   * @return the results of all rows, in order
   */
  <R, T> List<T> deal(List<R> rows, Function<List<R>, List<T>> work) {
    int before = pending.getAndUpdate(busy -> busy + parts(rows.size(), busy));
    int parts = parts(rows.size(), before);
    List<CompletableFuture<List<T>>> running = new ArrayList<>(parts);
    for (int part = 0; part < parts; part++) {
      List<R> share = rows.subList(part * rows.size() / parts, (part + 1) * rows.size() / parts);
      running.add(submit(() -> work.apply(share)));
    }
    CompletableFuture.allOf(running.toArray(CompletableFuture[]::new))
        .handle((done, failure) -> done)
        .join();
    List<T> results = new ArrayList<>(rows.size());
    for (CompletableFuture<List<T>> part : running) {
      results.addAll(result(part));
    }
    return results;
  }

  private int parts(int rows, int busy) {
    return Math.min(rows, Math.max(1, count - busy));
  }

  private <T> CompletableFuture<T> submit(Supplier<T> work) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return work.get();
          } finally {
            pending.decrementAndGet();
          }
        },
        executor);
  }

  private static <T> T result(CompletableFuture<T> running) {
    try {
      return running.join();
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
