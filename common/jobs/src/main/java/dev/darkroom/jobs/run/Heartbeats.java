package dev.darkroom.jobs.run;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.store.AttemptStore;
import dev.darkroom.jobs.store.Beat;
import dev.darkroom.jobs.store.Claiming.Claim;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the leases of all running jobs by one statement now and then, and stops those that Postgres
 * says are canceled or another worker's.
 */
final class Heartbeats implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Heartbeats.class);

  private final AttemptStore attempts;
  private final IntConsumer presence;
  private final Duration interval;
  private final Map<JobId, JobContext<?>> running = new ConcurrentHashMap<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;

  /**
   * Starts to beat.
   *
   * @param presence tells, at every beat, that this worker is there and runs so many jobs
   */
  Heartbeats(AttemptStore attempts, IntConsumer presence, Duration interval, String name) {
    this.attempts = attempts;
    this.presence = presence;
    this.interval = interval;
    thread = Thread.ofPlatform().name("heartbeat-" + name).daemon().start(this::run);
  }

  void add(JobContext<?> job) {
    running.put(job.jobId(), job);
  }

  void remove(Claim claim) {
    running.computeIfPresent(
        claim.jobId(), (id, job) -> job.attempt() == claim.attempt() ? null : job);
  }

  int count() {
    return running.size();
  }

  void stop(JobId id, StopReason reason) {
    @Nullable JobContext<?> job = running.get(id);
    if (job != null) {
      job.stop(reason);
    }
  }

  void stopAll(StopReason reason) {
    running.values().forEach(job -> job.stop(reason));
  }

  private void run() {
    try {
      do {
        beat();
        guarded("presence", () -> presence.accept(running.size()));
      } while (!closing.await(interval.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      LOG.debug("Heartbeats end");
    }
  }

  private void beat() {
    List<JobContext<?>> jobs = List.copyOf(running.values());
    if (jobs.isEmpty()) {
      return;
    }
    guarded("heartbeat of %d jobs".formatted(jobs.size()), () -> beat(jobs));
  }

  private void beat(List<JobContext<?>> jobs) {
    List<Beat> beats = jobs.stream().<Beat>map(JobContext::beat).toList();
    Map<JobId, Boolean> alive = attempts.heartbeat(beats);
    for (JobContext<?> job : jobs) {
      @Nullable Boolean cancelRequested = alive.get(job.jobId());
      if (cancelRequested == null) {
        job.stop(StopReason.FENCED);
      } else if (cancelRequested) {
        job.stop(StopReason.CANCELED);
      }
    }
  }

  /** A beat that fails is followed by the next. */
  private static void guarded(String what, Runnable beat) {
    try {
      beat.run();
    } catch (DarkroomException e) {
      LOG.warn("No {}: {}", what, e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("No {}", what, e);
    }
  }

  @Override
  public void close() {
    closing.countDown();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
