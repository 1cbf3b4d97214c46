package dev.darkroom.trainer.recipe;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.nn.Execution;

/** What a network's products are computed in while it is trained; its weights stay float32. */
public enum MixedPrecision {
  NO("no", Execution.TRAINING),
  BF16("bf16", Execution.TRAINING_BFLOAT16);

  private final String text;
  private final Execution execution;

  MixedPrecision(String text, Execution execution) {
    this.text = text;
    this.execution = execution;
  }

  @JsonValue
  public String text() {
    return text;
  }

  Execution execution() {
    return execution;
  }

  /** The precision of a {@link #text()}. */
  @JsonCreator
  public static MixedPrecision of(String text) {
    for (MixedPrecision value : values()) {
      if (value.text.equals(text)) {
        return value;
      }
    }
    throw DiffusionException.badInput(
        "mixed_precision: expected no or bf16, got \"%s\"".formatted(text));
  }
}
