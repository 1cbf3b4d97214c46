package dev.darkroom.jobs.job;

/** How a job ended: the closed set that one guarded write turns into a terminal state. */
public sealed interface Outcome {

  /** The job's terminal state. */
  JobState state();

  /** It left a result. */
  record Succeeded(Result result) implements Outcome {
    @Override
    public JobState state() {
      return JobState.SUCCEEDED;
    }
  }

  /** It could not be done. */
  record Failed(JobError error) implements Outcome {
    @Override
    public JobState state() {
      return JobState.FAILED;
    }
  }

  /** Its owner asked for the end. */
  record Canceled() implements Outcome {
    @Override
    public JobState state() {
      return JobState.CANCELED;
    }
  }
}
