package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.image.RgbImage;
import org.jspecify.annotations.Nullable;

/** What is asked of a model: a text, and for most kinds a picture to start from. */
public sealed interface Request
    permits TextToImage,
        Request.ImageToImage,
        Request.Inpainting,
        Request.InstructPix2Pix,
        Request.DepthToImage,
        Request.Upscaling,
        Request.LatentUpscaling {

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
   * @param maskPadding where not null, only the masked part of the picture, with so many pixels
   *     around it, is resized and seen; what comes of it is pasted into the picture, which keeps
   *     its size: small things are painted in detail
   */
  record Inpainting(
      TextToImage text,
      RgbImage image,
      RgbImage mask,
      double strength,
      boolean pasteBack,
      @Nullable Integer maskPadding)
      implements Request {
    public Inpainting {
      if (maskPadding != null) {
        requireCrop(image, mask, pasteBack, maskPadding);
      }
    }

    /** Of the whole picture. */
    public Inpainting(
        TextToImage text, RgbImage image, RgbImage mask, double strength, boolean pasteBack) {
      this(text, image, mask, strength, pasteBack, null);
    }

    private static void requireCrop(
        RgbImage image, RgbImage mask, boolean pasteBack, int maskPadding) {
      if (maskPadding < 0 || maskPadding > TextToImage.MAX_SIDE) {
        throw DiffusionException.badInput(
            "mask padding: expected 0 to %d pixels, got %d"
                .formatted(TextToImage.MAX_SIDE, maskPadding));
      }
      if (!pasteBack) {
        throw DiffusionException.badInput(
            "mask padding: expected none where nothing is pasted back, got " + maskPadding);
      }
      if (mask.width() != image.width() || mask.height() != image.height()) {
        throw DiffusionException.badInput(
            "mask: expected the picture's size %d x %d where the picture is cropped by it, got %d x %d"
                .formatted(image.width(), image.height(), mask.width(), mask.height()));
      }
    }
  }

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

  /**
   * A picture twice as large, whose sides are even multiples of the autoencoder's factor.
   *
   * @param image resized to half the result's size
   */
  record LatentUpscaling(TextToImage text, RgbImage image) implements Request {}
}
