package dev.darkroom.diffusion.unet;

/**
 * What the transformers of a U-Net attend to beside the context: diffusers' {@code attention_type}.
 */
public enum AttentionType {
  /** Nothing. */
  DEFAULT("default", 0),
  /** Objects that have a box and a text each: GLIGEN, Li et al. 2023. */
  GATED("gated", 1),
  /** The same with a text and a picture. */
  GATED_TEXT_IMAGE("gated-text-image", 2);

  private final String configName;
  private final int kinds;

  AttentionType(String configName, int kinds) {
    this.configName = configName;
    this.kinds = kinds;
  }

  String configName() {
    return configName;
  }

  /** How many embeddings say what an object is; none where there are no objects. */
  int kinds() {
    return kinds;
  }

  boolean isGated() {
    return kinds > 0;
  }
}
