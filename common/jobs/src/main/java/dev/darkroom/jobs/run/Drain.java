package dev.darkroom.jobs.run;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether this process is going down, and waits that end when it does. */
final class Drain {
  private static final Logger LOG = LoggerFactory.getLogger(Drain.class);
  private static final Duration AGAIN = Duration.ofMillis(300);

  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch last = new CountDownLatch(1);

  /** No new jobs from now on. */
  void begin() {
    begun.countDown();
  }

  /** No more waiting for a database that is away either. */
  void end() {
    last.countDown();
  }

  boolean hasBegun() {
    return begun.getCount() == 0;
  }

  /** Waits, but not beyond the beginning of the shutdown. */
  void pause(Duration time) {
    await(begun, time);
  }

  /**
   * Does a write that must not be lost: while the database is away it is tried again, until it
   * answers or this process has no more time. To repeat a guarded write is safe: where the first
   * did commit, the second matches no row.
   *
   * @return the answer, or empty where the time was up
   */
  <T> Optional<T> persist(String what, Supplier<T> write) {
    boolean told = false;
    while (true) {
      try {
        return Optional.of(write.get());
      } catch (DarkroomException e) {
        if (e.code() != ErrorCode.DATABASE_UNAVAILABLE) {
          throw e;
        }
        if (!told) {
          LOG.warn("The {} waits for the database: {}", what, e.getMessage());
          told = true;
        }
      }
      if (await(last, AGAIN)) {
        return Optional.empty();
      }
    }
  }

  private static boolean await(CountDownLatch latch, Duration time) {
    try {
      return latch.await(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }
}
