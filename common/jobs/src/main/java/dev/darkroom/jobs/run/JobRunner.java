package dev.darkroom.jobs.run;

import dev.darkroom.jobs.job.Result;
import dev.darkroom.jobs.spec.JobSpec;

/**
 * Does the work of one kind of job. It is called on as many threads as there are slots, so several
 * jobs may be inside at a time.
 */
public interface JobRunner<S extends JobSpec> {

  /**
   * Runs a job to its result; its files are stored before this returns.
   *
   * @throws JobStopped out of {@link JobContext#checkStop()}, to be let through
   * @throws dev.darkroom.jobs.job.DarkroomException where it cannot be done: of kind CAPACITY the
   *     job is tried again later, of any other it fails with that error
   */
  Result run(JobContext<S> context);
}
