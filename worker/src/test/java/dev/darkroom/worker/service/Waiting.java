package dev.darkroom.worker.service;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Waits for what another thread or process brings about. */
final class Waiting {
  private static final Duration LIMIT = Duration.ofSeconds(150);
  private static final Duration LOOK_EVERY = Duration.ofMillis(20);

  private Waiting() {}

  /** What comes, or a failure that tells how things stood last. */
  static <T> T until(Supplier<Optional<T>> look, Supplier<?> standing) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      Optional<T> seen = look.get();
      if (seen.isPresent()) {
        return seen.get();
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited %s; it stands at %s".formatted(LIMIT, standing.get()));
      }
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
    }
  }
}
