package dev.darkroom.diffusion.unet;

/** diffusers' class names of the levels on the way down. */
public enum DownBlockType {
  DownBlock2D,
  CrossAttnDownBlock2D;

  boolean attends() {
    return this == CrossAttnDownBlock2D;
  }
}
