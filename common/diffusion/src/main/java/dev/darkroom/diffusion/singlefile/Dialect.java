package dev.darkroom.diffusion.singlefile;

/** Whose names a part of a single file has. */
enum Dialect {
  /** CompVis' U-Net. */
  UNET,
  /** CompVis' autoencoder. */
  AUTOENCODER,
  /** cldm's ControlNet. */
  CONTROLNET,
  /** transformers' CLIP. */
  CLIP,
  /** OpenCLIP's text tower. */
  OPEN_CLIP
}
