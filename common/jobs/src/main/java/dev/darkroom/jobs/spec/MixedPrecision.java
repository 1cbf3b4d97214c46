package dev.darkroom.jobs.spec;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What a network's products are computed in while it is trained; its weights stay float32. */
public enum MixedPrecision {
  /** float32. */
  NO,
  /** bfloat16: up to twice as fast on processors and GPUs that multiply it. */
  BF16;

  /** Its name on the wire, which is accelerate's. */
  @JsonValue
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The precision of a {@link #text()}. */
  @JsonCreator
  public static MixedPrecision of(String text) {
    return switch (text) {
      case "no" -> NO;
      case "bf16" -> BF16;
      default ->
          throw Check.invalid(
              "mixed_precision: expected no or bf16, got \"%s\""
                  .formatted(text.substring(0, Math.min(text.length(), 60))));
    };
  }
}
