package dev.darkroom.gateway.periodic;

import dev.darkroom.jobs.job.DarkroomException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Does something again and again on a thread of its own, with a pause in between. What fails is
 * told and done again after the pause: neither an outage nor a defect ends it.
 */
public final class Periodic implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Periodic.class);
  private static final Duration LAST_WORK = Duration.ofSeconds(5);

  private final String name;
  private final Duration pause;
  private final Runnable work;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;
  private boolean failing;

  /**
   * Starts at once.
   *
   * @param name of the thread, and of the work in the log
   */
  public Periodic(String name, Duration pause, Runnable work) {
    this.name = name;
    this.pause = pause;
    this.work = work;
    thread = Thread.ofPlatform().name("darkroom-" + name).daemon().start(this::run);
  }

  private void run() {
    try {
      do {
        once();
      } while (!closing.await(pause.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void once() {
    try {
      work.run();
      failing = false;
    } catch (DarkroomException e) {
      if (!failing) {
        LOG.warnf("What is periodic (%s) is done later: %s", name, e.getMessage());
        failing = true;
      }
    } catch (RuntimeException e) {
      LOG.errorf(e, "What is periodic (%s) failed and is done again", name);
    }
  }

  /** Lets what is being done end, within seconds. */
  @Override
  public void close() {
    closing.countDown();
    try {
      thread.join(LAST_WORK);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
