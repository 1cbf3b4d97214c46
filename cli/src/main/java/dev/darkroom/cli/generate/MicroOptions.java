package dev.darkroom.cli.generate;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.pipeline.MicroConditioning;
import dev.darkroom.diffusion.pipeline.MicroConditioning.Size;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What Stable Diffusion XL is told beside the prompt. */
final class MicroOptions {
  private static final Pattern SIZE = Pattern.compile("(\\d{1,5})x(\\d{1,5})");

  @Option(
      names = "--original-size",
      paramLabel = "WxH",
      description = "SDXL: as if the picture had been of this size; default: that of the result")
  private @Nullable String originalSize;

  @Option(
      names = "--target-size",
      paramLabel = "WxH",
      description = "SDXL: and had been brought to this one; default: that of the result")
  private @Nullable String targetSize;

  @Option(
      names = "--crop-top",
      paramLabel = "PIXELS",
      description = "SDXL: and had lost so much above; default ${DEFAULT-VALUE}")
  private int cropTop;

  @Option(
      names = "--crop-left",
      paramLabel = "PIXELS",
      description = "SDXL: and on the left; default ${DEFAULT-VALUE}")
  private int cropLeft;

  @Option(
      names = "--aesthetic-score",
      paramLabel = "SCORE",
      description = "of an SDXL refiner's picture; default ${DEFAULT-VALUE}")
  private double aestheticScore = 6;

  @Option(
      names = "--negative-aesthetic-score",
      paramLabel = "SCORE",
      description = "of what it moves away from; default ${DEFAULT-VALUE}")
  private double negativeAestheticScore = 2.5;

  MicroConditioning conditioning() {
    return new MicroConditioning(
        size("--original-size", originalSize),
        cropTop,
        cropLeft,
        size("--target-size", targetSize),
        aestheticScore,
        negativeAestheticScore);
  }

  private static @Nullable Size size(String option, @Nullable String text) {
    if (text == null) {
      return null;
    }
    Matcher size = SIZE.matcher(text);
    if (!size.matches()) {
      throw DiffusionException.badInput(
          "%s: expected a width and height such as 1024x1024, got %s".formatted(option, text));
    }
    return new Size(Integer.parseInt(size.group(1)), Integer.parseInt(size.group(2)));
  }
}
