package dev.darkroom.jobs.job;

import org.jspecify.annotations.Nullable;

/**
 * The platform's one exception. Its message is one sentence for the person who reads it: what was
 * expected, what came, what to do.
 */
public final class DarkroomException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final ErrorCode code;

  public DarkroomException(ErrorCode code, String message) {
    this(code, message, null);
  }

  public DarkroomException(ErrorCode code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /** What went wrong, by name. */
  public ErrorCode code() {
    return code;
  }

  /** The same as a value, as a job keeps it. */
  public JobError error() {
    return new JobError(code, String.valueOf(getMessage()));
  }
}
