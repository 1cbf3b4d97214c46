package dev.darkroom.diffusion.unet;

/** What the levels of a U-Net are made of: a type on the way down and one on the way up. */
enum LevelKind {
  /** Resnets. */
  PLAIN,
  /** A transformer after each resnet. */
  TRANSFORMER,
  /** Self-attention after each resnet. */
  SELF_ATTENTION,
  /** Resnets, of which one resizes. */
  RESIZING_RESNET,
  /** Attention to positions and context at once after each resnet, of which one resizes. */
  SIMPLE_CROSS_ATTENTION,
  /** Resnets of k-diffusion, which {@link KLevels} must fit. */
  K,
  /** The same with attention after each. */
  K_CROSS_ATTENTION;

  /** Whether it attends to the context. */
  boolean attends() {
    return switch (this) {
      case TRANSFORMER, SIMPLE_CROSS_ATTENTION, K_CROSS_ATTENTION -> true;
      case PLAIN, SELF_ATTENTION, RESIZING_RESNET, K -> false;
    };
  }

  boolean isK() {
    return this == K || this == K_CROSS_ATTENTION;
  }
}
