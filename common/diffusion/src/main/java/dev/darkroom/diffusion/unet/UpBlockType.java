package dev.darkroom.diffusion.unet;

/** diffusers' class names of the levels on the way up. */
public enum UpBlockType {
  UpBlock2D,
  CrossAttnUpBlock2D;

  boolean attends() {
    return this == CrossAttnUpBlock2D;
  }
}
