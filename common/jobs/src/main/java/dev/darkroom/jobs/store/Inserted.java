package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.JobId;
import java.time.Instant;

/** What became of an insert. */
public sealed interface Inserted {
  /** The job that stands for the request now. */
  JobId jobId();

  /**
   * The job is stored and queued.
   *
   * @param createdAt by the database's clock
   */
  record Created(JobId jobId, Instant createdAt) implements Inserted {}

  /** The same request was stored before, as this job; nothing was inserted. */
  record Existing(JobId jobId) implements Inserted {}

  /** The key was used for this job with another body; nothing was inserted. */
  record Conflict(JobId jobId) implements Inserted {}
}
