package dev.darkroom.jobs.run;

import dev.darkroom.jobs.job.JobId;

/** Hears where each job is in the pipeline: metrics listen here, and tests that kill. */
public interface StageListener {
  /** Hears nothing. */
  StageListener NONE = (jobId, stage) -> {};

  /** The job has come to a stage. */
  void reached(JobId jobId, Stage stage);
}
