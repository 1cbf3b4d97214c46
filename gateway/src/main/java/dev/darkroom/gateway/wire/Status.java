package dev.darkroom.gateway.wire;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.darkroom.jobs.store.Job;
import java.util.Locale;

/** A job's state in Replicate's words. */
public enum Status {
  STARTING,
  PROCESSING,
  SUCCEEDED,
  FAILED,
  CANCELED,
  /** Ended by its deadline before it began; only callers that set one ever see it. */
  ABORTED;

  /** The status of a job. */
  public static Status of(Job job) {
    return switch (job.state()) {
      case QUEUED, DISPATCHED -> STARTING;
      case RUNNING -> PROCESSING;
      case SUCCEEDED -> SUCCEEDED;
      case FAILED -> FAILED;
      case CANCELED -> job.isAborted() ? ABORTED : CANCELED;
    };
  }

  /** Its name on the wire. */
  @JsonValue
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
