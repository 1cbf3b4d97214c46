package dev.darkroom.jobs.run;

import dev.darkroom.jobs.job.JobKind;
import java.time.Duration;

/**
 * How an executor runs.
 *
 * @param kind of the jobs it takes
 * @param pool whose topic it takes them from
 * @param workerName who claims them, unique among those alive
 * @param slots jobs at a time
 * @param lease silence after which another worker may take over; the same for all workers
 * @param grace how long running jobs may go on at a shutdown before they are handed back
 */
public record ExecutorConfig(
    String bootstrapServers,
    JobKind kind,
    String pool,
    String workerName,
    int slots,
    Duration lease,
    Duration grace) {
  public ExecutorConfig {
    if (slots < 1 || slots > 1024) {
      throw new IllegalArgumentException("slots: expected 1 to 1024, got " + slots);
    }
    if (lease.compareTo(Duration.ofMillis(500)) < 0) {
      throw new IllegalArgumentException("lease: expected 500 ms or more, got " + lease);
    }
  }

  /** Five in a lease, so that a lost one or a slow database costs nothing. */
  public Duration heartbeat() {
    return lease.dividedBy(5);
  }
}
