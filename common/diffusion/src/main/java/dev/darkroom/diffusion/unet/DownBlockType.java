package dev.darkroom.diffusion.unet;

/** diffusers' class names of the levels on the way down. */
public enum DownBlockType {
  DownBlock2D,
  CrossAttnDownBlock2D,
  KDownBlock2D,
  KCrossAttnDownBlock2D;

  /** Whether it attends to the context. */
  boolean attends() {
    return this == CrossAttnDownBlock2D || this == KCrossAttnDownBlock2D;
  }

  /** Whether it is one of k-diffusion's, which {@link KLevels} must fit. */
  public boolean isK() {
    return this == KDownBlock2D || this == KCrossAttnDownBlock2D;
  }
}
