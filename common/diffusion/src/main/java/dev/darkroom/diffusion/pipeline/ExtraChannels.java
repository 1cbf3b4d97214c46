package dev.darkroom.diffusion.pipeline;

/** What a U-Net reads beside the latent, in further channels: what the model is for. */
public enum ExtraChannels {
  NOTHING("text to image"),
  /** A depth map, [1,h,w]. */
  DEPTH("depth to image"),
  /** A noised picture of the latent's size, [3,h,w]. */
  LOW_RESOLUTION("upscaling"),
  /** The latent of a picture of half the size, doubled, [C,h,w]. */
  SMALL_LATENT("doubling a picture's size"),
  /** The latent of a picture to edit, [C,h,w]. */
  PICTURE("editing by instruction"),
  /** A mask, and the latent of a picture with the masked part left out, [1+C,h,w]. */
  MASK_AND_PICTURE("inpainting");

  private static final int COLOURS = 3;

  private final String purpose;

  ExtraChannels(String purpose) {
    this.purpose = purpose;
  }

  /** What errors call it. */
  public String purpose() {
    return purpose;
  }

  /** How many channels it is, beside a latent of so many. */
  int count(int latentChannels) {
    return switch (this) {
      case NOTHING -> 0;
      case DEPTH -> 1;
      case LOW_RESOLUTION -> COLOURS;
      case SMALL_LATENT, PICTURE -> latentChannels;
      case MASK_AND_PICTURE -> 1 + latentChannels;
    };
  }
}
