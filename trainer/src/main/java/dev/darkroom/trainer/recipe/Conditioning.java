package dev.darkroom.trainer.recipe;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.darkroom.diffusion.DiffusionException;
import java.util.Locale;

/** What a latent diffusion model listens to besides time. */
public enum Conditioning {
  /** The states of a caption's tokens. */
  TEXT,
  /** The sample's class; the last row of the table of classes stands for none. */
  CLASS,
  /** Nothing. */
  NONE;

  @JsonValue
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The conditioning of a {@link #text()}. */
  @JsonCreator
  public static Conditioning of(String text) {
    for (Conditioning value : values()) {
      if (value.text().equals(text)) {
        return value;
      }
    }
    throw DiffusionException.badInput(
        "conditioning: expected text, class or none, got \"%s\"".formatted(text));
  }
}
