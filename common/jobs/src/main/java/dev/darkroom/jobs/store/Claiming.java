package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.spec.JobSpec;
import java.time.Duration;

/** What a worker that holds a job's record finds in Postgres. */
public sealed interface Claiming {

  /**
   * The job is the worker's. Every write of it carries the attempt.
   *
   * @param attempt the fencing token, from 1
   * @param step the last step that an earlier attempt saved, or 0
   * @param cancelRequested whether its owner asked for the end already
   */
  record Claim(
      JobId jobId, int attempt, String tenant, JobSpec spec, int step, boolean cancelRequested)
      implements Claiming {}

  /**
   * Another worker runs it and is alive.
   *
   * @param lease until that one counts as dead, unless it gives another heartbeat
   */
  record Held(Duration lease) implements Claiming {}

  /** Nothing is to be done for this record. */
  record Ended(Reason reason) implements Claiming {}

  /** Why nothing is to be done. */
  enum Reason {
    /** The job has ended. */
    DONE,
    /** It ended just now, because its workers died too often: the record is a dead letter. */
    GIVEN_UP,
    /** A later release of the job is, or will be, on its way. */
    SUPERSEDED,
    /** There is no such job any more. */
    UNKNOWN
  }
}
