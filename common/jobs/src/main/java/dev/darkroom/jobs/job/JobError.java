package dev.darkroom.jobs.job;

/**
 * Why a job failed.
 *
 * @param message one sentence for the job's owner; cut at {@value #MAX_MESSAGE} characters
 */
public record JobError(ErrorCode code, String message) {
  /** Longest message kept. */
  public static final int MAX_MESSAGE = 2000;

  public JobError {
    if (message.length() > MAX_MESSAGE) {
      message = message.substring(0, MAX_MESSAGE - 1) + "…";
    }
  }
}
