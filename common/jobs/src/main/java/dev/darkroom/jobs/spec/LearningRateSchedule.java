package dev.darkroom.jobs.spec;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How the learning rate goes on after its warm-up. */
public enum LearningRateSchedule {
  /** It stays. */
  CONSTANT,
  /** It falls to zero along half a cosine. */
  COSINE;

  /** Its name on the wire. */
  @JsonValue
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The schedule of a {@link #text()}. */
  @JsonCreator
  public static LearningRateSchedule of(String text) {
    return switch (text) {
      case "constant" -> CONSTANT;
      case "cosine" -> COSINE;
      default ->
          throw Check.invalid(
              "lr_scheduler: expected constant or cosine, got \"%s\""
                  .formatted(text.substring(0, Math.min(text.length(), 60))));
    };
  }
}
