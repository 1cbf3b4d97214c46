package dev.darkroom.gateway.expiry;

import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.store.JobStore;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * Ends jobs whose time, which their owners set, is over. The time is Postgres': it outlives every
 * gateway, and whichever is there looks.
 */
public final class Deadlines {
  /** How late an end may come. */
  public static final Duration EVERY = Duration.ofSeconds(1);

  private static final int AT_ONCE = 100;

  private final JobStore jobs;
  private final Consumer<JobId> cancel;

  /**
   * @param cancel ends a job, or has its worker end it; does nothing to one that has ended
   */
  public Deadlines(JobStore jobs, Consumer<JobId> cancel) {
    this.jobs = jobs;
    this.cancel = cancel;
  }

  /** Looks once. */
  public void enforce() {
    List<JobId> overdue = jobs.overdue(AT_ONCE);
    while (!overdue.isEmpty()) {
      overdue.forEach(cancel);
      overdue = jobs.overdue(AT_ONCE);
    }
  }
}
