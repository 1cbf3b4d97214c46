package dev.darkroom.diffusion.unet;

/** diffusers' class names of the middle. */
public enum MidBlockType {
  /** Resnet, transformer, resnet. */
  UNetMidBlock2DCrossAttn,
  /** One resnet. */
  UNetMidBlock2D,
  /** Resnet, attention to positions and context at once, resnet. */
  UNetMidBlock2DSimpleCrossAttn;

  /** Whether it attends to the context. */
  boolean attends() {
    return this != UNetMidBlock2D;
  }
}
