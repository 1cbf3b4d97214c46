package dev.darkroom.cli.generate;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.image.ImageFile;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.pipeline.Canvas;
import dev.darkroom.diffusion.pipeline.Defaults;
import dev.darkroom.diffusion.pipeline.Request;
import dev.darkroom.diffusion.pipeline.StableDiffusionPipeline;
import dev.darkroom.diffusion.pipeline.TextToImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Pictures to start from: with the model they say what kind of request it is. */
final class PictureOptions {
  private static final long MAX_PIXELS = (long) TextToImage.MAX_SIDE * TextToImage.MAX_SIDE;
  private static final long MAX_BYTES = 1L << 28;

  @Option(
      names = "--image",
      paramLabel = "FILE",
      description = "a picture to change, repaint in part, edit as the prompt says, or enlarge")
  private @Nullable Path image;

  @Option(
      names = "--strength",
      paramLabel = "SHARE",
      description =
          "how much of --image may change, in (0, 1]; default 0.8 (SDXL 0.3), 1 with a mask (SDXL"
              + " 0.9999)")
  private @Nullable Double strength;

  @Option(
      names = "--mask-image",
      paramLabel = "FILE",
      description = "white where --image is painted anew")
  private @Nullable Path mask;

  @Option(
      names = "--padding-mask-crop",
      paramLabel = "PIXELS",
      description =
          "paint only the part of --image that the mask covers, with so many pixels around it, as"
              + " large as --width and --height say, and paste it into --image at its own size:"
              + " for what is small in a large picture")
  private @Nullable Integer maskPadding;

  @Option(
      names = "--paste-back",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "keep the pixels outside the mask byte for byte; on by default")
  private boolean pasteBack = true;

  @Option(
      names = "--pad-left",
      paramLabel = "PIXELS",
      description = "paint so much more to the left of --image; the same for the other sides")
  private int left;

  @Option(names = "--pad-top", paramLabel = "PIXELS")
  private int top;

  @Option(names = "--pad-right", paramLabel = "PIXELS")
  private int right;

  @Option(names = "--pad-bottom", paramLabel = "PIXELS")
  private int bottom;

  @Option(
      names = "--depth-image",
      paramLabel = "FILE",
      description = "the depth of --image for a model that reads it: bright is near")
  private @Nullable Path depth;

  @Option(
      names = "--image-guidance-scale",
      paramLabel = "W",
      description = "how closely a model that edits follows --image; default 1.5")
  private @Nullable Double imageGuidance;

  @Option(
      names = "--noise-level",
      paramLabel = "T",
      description = "how noisy an upscaler makes --image before; default 20")
  private @Nullable Integer noiseLevel;

  /**
   * @param sizedLike what a picture made of text alone is as large as, where the user does not say;
   *     null is as large as those the model was trained on
   */
  Request request(
      StableDiffusionPipeline pipeline, RequestOptions request, @Nullable RgbImage sizedLike) {
    Defaults defaults = pipeline.defaults();
    String purpose = "a model for " + pipeline.extraChannels().purpose();
    return switch (pipeline.extraChannels()) {
      case NOTHING -> {
        refuse(purpose, "--depth-image", depth);
        refuseEditing(purpose);
        if (image == null) {
          refuse("no --image", "--strength", strength);
          refuse("no --image", "--mask-image", mask);
          refuse("no --image", "--pad-...", isPadded() ? true : null);
          refuse("no --image", "--padding-mask-crop", maskPadding);
          yield sizedLike == null
              ? request.text(defaults, pipeline.defaultSide(), pipeline.defaultSide())
              : sized(request, pipeline, sizedLike, 1);
        }
        if (mask != null || isPadded()) {
          yield inpainting(pipeline, request, read(image));
        }
        refuse("no --mask-image", "--padding-mask-crop", maskPadding);
        RgbImage picture = read(image);
        yield new Request.ImageToImage(
            sized(request, pipeline, picture, 1), picture, or(strength, defaults.strength()));
      }
      case MASK_AND_PICTURE -> {
        refuse(purpose, "--depth-image", depth);
        refuseEditing(purpose);
        if (mask == null && !isPadded()) {
          throw missing("--mask-image", "a mask, or --pad-...", purpose);
        }
        yield inpainting(pipeline, request, needed(image, "--image", purpose));
      }
      case PICTURE -> {
        refuse(purpose, "--depth-image", depth);
        refuse(purpose, "--noise-level", noiseLevel);
        refusePainting(purpose);
        refuse(purpose, "--strength", strength);
        RgbImage picture = needed(image, "--image", purpose);
        yield new Request.InstructPix2Pix(
            sized(request, pipeline, picture, 1), picture, or(imageGuidance, 1.5));
      }
      case DEPTH -> {
        refuseEditing(purpose);
        refusePainting(purpose);
        RgbImage picture = needed(image, "--image", purpose);
        yield new Request.DepthToImage(
            sized(request, pipeline, picture, 1),
            picture,
            needed(depth, "--depth-image", purpose),
            or(strength, defaults.strength()));
      }
      case LOW_RESOLUTION -> {
        refuse(purpose, "--depth-image", depth);
        refuse(purpose, "--image-guidance-scale", imageGuidance);
        refusePainting(purpose);
        refuse(purpose, "--strength", strength);
        RgbImage picture = needed(image, "--image", purpose);
        yield new Request.Upscaling(
            sized(request, pipeline, picture, pipeline.factor()),
            picture,
            noiseLevel == null ? 20 : noiseLevel);
      }
      case SMALL_LATENT -> {
        refuse(purpose, "--depth-image", depth);
        refuseEditing(purpose);
        refusePainting(purpose);
        refuse(purpose, "--strength", strength);
        RgbImage picture = needed(image, "--image", purpose);
        yield new Request.LatentUpscaling(sized(request, pipeline, picture, 2), picture);
      }
    };
  }

  private Request.Inpainting inpainting(
      StableDiffusionPipeline pipeline, RequestOptions request, RgbImage picture) {
    Defaults defaults = pipeline.defaults().ofInpainting();
    RgbImage white = mask == null ? null : read(mask);
    TextToImage text;
    if (white == null || isPadded()) {
      refuse("--pad-...", "--padding-mask-crop", maskPadding);
      Canvas canvas = Canvas.around(picture, white, new Canvas.Padding(left, top, right, bottom));
      picture = canvas.image();
      white = canvas.mask();
      request.refuseSize("padding says the size");
      text = request.text(defaults, picture.width(), picture.height());
    } else {
      text = request.text(defaults, pipeline.defaultSide(), pipeline.defaultSide());
    }
    return new Request.Inpainting(
        text, picture, white, or(strength, defaults.inpaintingStrength()), pasteBack, maskPadding);
  }

  /** As large as the picture, or so many times, less what the model leaves over at its edges. */
  private static TextToImage sized(
      RequestOptions request, StableDiffusionPipeline pipeline, RgbImage picture, int times) {
    int step = pipeline.pictureStep();
    return request.text(
        pipeline.defaults(),
        picture.width() / step * step * times,
        picture.height() / step * step * times);
  }

  private boolean isPadded() {
    return left != 0 || top != 0 || right != 0 || bottom != 0;
  }

  private void refuseEditing(String purpose) {
    refuse(purpose, "--image-guidance-scale", imageGuidance);
    refuse(purpose, "--noise-level", noiseLevel);
  }

  private void refusePainting(String purpose) {
    refuse(purpose, "--mask-image", mask);
    refuse(purpose, "--padding-mask-crop", maskPadding);
    refuse(purpose, "--pad-...", isPadded() ? true : null);
  }

  private static void refuse(String with, String option, @Nullable Object given) {
    if (given != null) {
      throw DiffusionException.badInput(
          "%s: expected none with %s, got some; leave it out".formatted(option, with));
    }
  }

  private static double or(@Nullable Double given, double otherwise) {
    return given == null ? otherwise : given;
  }

  private static RgbImage needed(@Nullable Path file, String option, String purpose) {
    if (file == null) {
      throw missing(option, "a picture", purpose);
    }
    return read(file);
  }

  private static DiffusionException missing(String option, String what, String purpose) {
    return DiffusionException.badInput(
        "%s: expected %s for %s, got none".formatted(option, what, purpose));
  }

  static RgbImage read(Path file) {
    try {
      if (!Files.isRegularFile(file) || Files.size(file) > MAX_BYTES) {
        throw DiffusionException.badInput(
            file + ": expected a picture file of at most 256 MB, found none");
      }
      return ImageFile.decode(file.toString(), Files.readAllBytes(file), MAX_PIXELS);
    } catch (IOException e) {
      throw DiffusionException.badInput(file + ": cannot be read: " + e.getMessage());
    }
  }
}
