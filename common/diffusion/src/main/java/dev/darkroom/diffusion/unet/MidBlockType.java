package dev.darkroom.diffusion.unet;

/** diffusers' class names of the middle. */
public enum MidBlockType {
  /** Resnet, transformer, resnet. */
  UNetMidBlock2DCrossAttn,
  /** One resnet. */
  UNetMidBlock2D
}
