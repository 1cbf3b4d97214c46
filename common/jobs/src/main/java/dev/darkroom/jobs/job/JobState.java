package dev.darkroom.jobs.job;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import java.util.Set;

/**
 * Where a job stands. Each constant says who moves it next; {@code STATES.md} is the picture, and
 * the trigger {@code jobs_guard_move} holds Postgres to the same moves.
 */
public enum JobState {
  /** In Postgres only. The dispatcher moves it on, or a cancel ends it. */
  QUEUED,
  /** Released to Kafka. A worker claims it, a cancel ends it, or the rescuer queues it again. */
  DISPATCHED,
  /** Claimed by a worker under an attempt number. That worker ends it or hands it back. */
  RUNNING,
  /** Ended with a result. */
  SUCCEEDED,
  /** Ended with an error. */
  FAILED,
  /** Ended because its owner asked. */
  CANCELED;

  /** Whether nothing moves the job any more. */
  public boolean isDone() {
    return switch (this) {
      case QUEUED, DISPATCHED, RUNNING -> false;
      case SUCCEEDED, FAILED, CANCELED -> true;
    };
  }

  /**
   * The states that may follow. {@code RUNNING} may follow itself: another worker takes over from
   * one that stopped its heartbeat, under the next attempt.
   */
  public Set<JobState> moves() {
    return switch (this) {
      case QUEUED -> Set.of(DISPATCHED, CANCELED);
      case DISPATCHED -> Set.of(RUNNING, QUEUED, CANCELED);
      case RUNNING -> Set.of(RUNNING, DISPATCHED, QUEUED, SUCCEEDED, FAILED, CANCELED);
      case SUCCEEDED, FAILED, CANCELED -> Set.of();
    };
  }

  /** The lower-case name that the database and the wire use. */
  @JsonValue
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The state of a {@link #text()}. */
  @JsonCreator
  public static JobState of(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
