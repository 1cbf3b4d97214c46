package dev.darkroom.diffusion.unet;

/** diffusers' class names of the levels on the way up. */
public enum UpBlockType {
  UpBlock2D,
  CrossAttnUpBlock2D,
  KUpBlock2D,
  KCrossAttnUpBlock2D;

  /** Whether it attends to the context. */
  boolean attends() {
    return this == CrossAttnUpBlock2D || this == KCrossAttnUpBlock2D;
  }

  /** Whether it is one of k-diffusion's, which {@link KLevels} must fit. */
  boolean isK() {
    return this == KUpBlock2D || this == KCrossAttnUpBlock2D;
  }
}
