package dev.darkroom.jobs.run;

/** Leaves a runner because its job is not to be run on. No error: it carries no stack trace. */
public final class JobStopped extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final StopReason reason;

  public JobStopped(StopReason reason) {
    super("job stopped: " + reason, null, false, false);
    this.reason = reason;
  }

  /** Why. */
  public StopReason reason() {
    return reason;
  }
}
