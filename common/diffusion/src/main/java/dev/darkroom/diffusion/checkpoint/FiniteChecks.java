package dev.darkroom.diffusion.checkpoint;

import dev.darkroom.diffusion.DiffusionException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Searches the mapped parameters of one model for a NaN or an infinity, on the cores that building
 * it leaves idle. That is the one time that a load reads their bytes: most of what it takes. A
 * check maps them for itself: pages that it read through the model's own mapping would stay
 * resident for as long as that, although a run may never use them.
 */
final class FiniteChecks {
  /** Smaller ones are checked as they are mapped: that takes no longer than handing them on. */
  static final long WORTHWHILE_BYTES = 1 << 20;

  /** Shared by all loads of the process; they end when there is nothing to do. */
  private static final ThreadPoolExecutor HELPERS = helpers();

  private final List<Check> checks = new ArrayList<>();

  /** Whether the parameter {@code key} is broken. */
  private record Check(String key, FutureTask<Boolean> task) {}

  private static ThreadPoolExecutor helpers() {
    int threads = Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
    var pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            1,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("check-", 0).factory());
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /**
   * Begins to check a parameter.
   *
   * @param isBroken runs in any thread
   */
  void add(String key, Callable<Boolean> isBroken) {
    FutureTask<Boolean> task = new FutureTask<>(isBroken);
    checks.add(new Check(key, task));
    HELPERS.execute(task);
  }

  /** Waits for all, and helps; names the first parameter that is broken, null where none is. */
  @Nullable String firstBroken() {
    // The helpers come from the other end. A task that has begun is passed over.
    checks.reversed().forEach(check -> check.task().run());
    for (Check check : checks) {
      if (answer(check.task())) {
        return check.key();
      }
    }
    return null;
  }

  /** To the end even where this thread is interrupted, as what native code does always is. */
  private static boolean answer(FutureTask<Boolean> task) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException ours) {
        throw ours;
      }
      throw DiffusionException.internal("checking a parameter failed", e.getCause());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
