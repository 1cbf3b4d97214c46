package dev.darkroom.jobs.run;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.ErrorKind;
import dev.darkroom.jobs.job.JobError;
import dev.darkroom.jobs.job.Outcome;

/** What a run came to: the closed set that the executor has one clause each for. */
sealed interface Verdict {

  /** The job has come to its end. */
  record End(Outcome outcome) implements Verdict {}

  /** Something is short for the moment. */
  record Retry(JobError error) implements Verdict {}

  /** This process stops before the job does. */
  record HandBack() implements Verdict {}

  /** The job is another worker's. */
  record Drop() implements Verdict {}

  /** The verdict on whatever left a runner. */
  static Verdict of(Throwable failure) {
    return switch (failure) {
      case JobStopped stopped ->
          switch (stopped.reason()) {
            case CANCELED -> new End(new Outcome.Canceled());
            case DRAINING -> new HandBack();
            case FENCED -> new Drop();
          };
      case DarkroomException known -> of(known.error());
      case OutOfMemoryError full ->
          new Retry(new JobError(ErrorCode.OUT_OF_MEMORY, "out of memory: " + full.getMessage()));
      default -> new End(new Outcome.Failed(new JobError(ErrorCode.INTERNAL, failure.toString())));
    };
  }

  private static Verdict of(JobError error) {
    if (error.code().kind() == ErrorKind.CANCELED) {
      return new End(new Outcome.Canceled());
    }
    return error.code().isRetryable() ? new Retry(error) : new End(new Outcome.Failed(error));
  }
}
