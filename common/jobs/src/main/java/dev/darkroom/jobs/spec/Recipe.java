package dev.darkroom.jobs.spec;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** What a training changes in its base model. */
public enum Recipe {
  /** The autoencoder: L1, LPIPS, KL and a patch discriminator. */
  AUTOENCODER("autoencoder"),
  /** The U-Net, on latents of the frozen autoencoder. */
  LATENT_DIFFUSION("latent-diffusion");

  private final String text;

  Recipe(String text) {
    this.text = text;
  }

  /** Its name on the wire and on the command line. */
  @JsonValue
  public String text() {
    return text;
  }

  /** The recipe of a {@link #text()}. */
  @JsonCreator
  public static Recipe of(String text) {
    for (Recipe recipe : values()) {
      if (recipe.text.equals(text)) {
        return recipe;
      }
    }
    throw Check.invalid(
        "recipe: expected autoencoder or latent-diffusion, got \"%s\""
            .formatted(text.substring(0, Math.min(text.length(), 60))));
  }
}
