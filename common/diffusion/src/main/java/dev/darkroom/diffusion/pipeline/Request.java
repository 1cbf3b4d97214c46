package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.image.RgbImage;

/** What is asked of a model: a text, and for most kinds a picture to start from. */
public sealed interface Request
    permits TextToImage,
        Request.ImageToImage,
        Request.Inpainting,
        Request.InstructPix2Pix,
        Request.DepthToImage,
        Request.Upscaling {

  /** The text, the size of the result, and how it is sampled. */
  TextToImage text();

  /**
   * A picture like another. Meng et al. 2022 (SDEdit).
   *
   * @param image resized to the result's size
   * @param strength the share of the steps that are made, in (0, 1]
   */
  record ImageToImage(TextToImage text, RgbImage image, double strength) implements Request {}

  /**
   * A part of a picture painted anew.
   *
   * @param image resized to the result's size
   * @param mask white where it is painted; resized to the result's size
   * @param strength the share of the steps that are made, in (0, 1]
   * @param pasteBack whether all other pixels are the picture's own, byte for byte
   */
  record Inpainting(
      TextToImage text, RgbImage image, RgbImage mask, double strength, boolean pasteBack)
      implements Request {}

  /**
   * A picture changed as the prompt instructs. Brooks et al. 2023 (InstructPix2Pix).
   *
   * @param image resized to the result's size
   * @param imageGuidanceScale s_I, how closely to follow the picture
   */
  record InstructPix2Pix(TextToImage text, RgbImage image, double imageGuidanceScale)
      implements Request {}

  /**
   * A picture of the same depth as another.
   *
   * @param image resized to the result's size
   * @param depth bright is near; of any size
   * @param strength the share of the steps that are made, in (0, 1]
   */
  record DepthToImage(TextToImage text, RgbImage image, RgbImage depth, double strength)
      implements Request {}

  /**
   * A larger picture.
   *
   * @param image resized to the result's size over the autoencoder's factor
   * @param noiseLevel how noisy the picture is made before, a training time; more invents more
   */
  record Upscaling(TextToImage text, RgbImage image, int noiseLevel) implements Request {}
}
