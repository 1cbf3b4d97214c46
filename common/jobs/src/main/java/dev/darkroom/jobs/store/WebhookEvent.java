package dev.darkroom.jobs.store;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What a webhook can be called for. */
public enum WebhookEvent {
  /** The job began to run. */
  START,
  /** It has outputs. */
  OUTPUT,
  /** It has logs. */
  LOGS,
  /** It ended. */
  COMPLETED;

  /** The lower-case name that the database and the wire use. */
  @JsonValue
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The event of a {@link #text()}. */
  @JsonCreator
  public static WebhookEvent of(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
