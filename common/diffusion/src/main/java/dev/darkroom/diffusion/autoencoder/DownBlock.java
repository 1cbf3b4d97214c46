package dev.darkroom.diffusion.autoencoder;

/** diffusers' class names of encoder levels. */
public enum DownBlock {
  DownEncoderBlock2D,
  AttnDownEncoderBlock2D
}
