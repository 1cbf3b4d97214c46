package dev.darkroom.jobs.job;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What sort of work a job is, which decides the topic it travels on and who runs it. */
public enum JobKind {
  /** Images from a model: seconds, run by workers. */
  GENERATION,
  /** A new model version from data: minutes to days, run by trainers. */
  TRAINING;

  /** The lower-case name that the database, the wire and topic names use. */
  @JsonValue
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The kind of a {@link #text()}. */
  @JsonCreator
  public static JobKind of(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
