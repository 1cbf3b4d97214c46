package dev.darkroom.gateway;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Waits on a condition. */
public final class Eventually {
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  private Eventually() {}

  /** The first value that is as it should be; the last one in the message where none came. */
  public static <T> T get(Supplier<T> value, Predicate<T> done) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    T seen = value.get();
    while (!done.test(seen)) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not within " + PATIENCE + ", last seen: " + seen);
      }
      LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
      seen = value.get();
    }
    return seen;
  }
}
