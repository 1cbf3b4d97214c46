package dev.darkroom.diffusion.autoencoder;

/** diffusers' class names of decoder levels. */
public enum UpBlock {
  UpDecoderBlock2D,
  AttnUpDecoderBlock2D
}
