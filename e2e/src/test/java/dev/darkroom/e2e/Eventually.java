package dev.darkroom.e2e;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Waits on conditions of other processes, which can only be asked. */
final class Eventually {
  private static final long PAUSE_MILLIS = 20;

  private Eventually() {}

  /** A question that may fail while its answer is not there yet. */
  interface Condition {
    boolean holds() throws Exception;
  }

  static void until(String expected, Duration limit, Condition condition) throws Exception {
    var never = new CountDownLatch(1);
    long deadline = System.nanoTime() + limit.toNanos();
    while (!condition.holds()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("expected within %s: %s".formatted(limit, expected));
      }
      never.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }
  }
}
