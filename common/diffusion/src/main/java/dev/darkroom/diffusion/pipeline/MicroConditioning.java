package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import org.jspecify.annotations.Nullable;

/**
 * What Stable Diffusion XL is told of the training picture that the result is to resemble. Podell
 * et al. 2023, section 2.2. Other models ignore it.
 *
 * @param original the size before it was brought to the training size; null for the result's
 * @param cropTop pixels cut off above
 * @param cropLeft pixels cut off on the left
 * @param target the size it was brought to; null for the result's
 * @param aestheticScore of the picture, for a refiner
 * @param negativeAestheticScore of what to move away from, for a refiner
 */
public record MicroConditioning(
    @Nullable Size original,
    int cropTop,
    int cropLeft,
    @Nullable Size target,
    double aestheticScore,
    double negativeAestheticScore) {
  public MicroConditioning {
    if (cropTop < 0 || cropLeft < 0) {
      throw DiffusionException.badInput(
          "crop: expected at least 0 pixels above and on the left, got %d and %d"
              .formatted(cropTop, cropLeft));
    }
    requireScore("aesthetic score", aestheticScore);
    requireScore("negative aesthetic score", negativeAestheticScore);
  }

  /** Those of training pictures lie between 0 and 10. */
  private static void requireScore(String name, double score) {
    if (!(Math.abs(score) <= 100)) {
      throw DiffusionException.badInput(name + ": expected -100 to 100, got " + score);
    }
  }

  /** Diffusers' defaults. */
  public static final MicroConditioning DEFAULT = new MicroConditioning(null, 0, 0, null, 6, 2.5);

  /** In pixels. */
  public record Size(int width, int height) {
    public Size {
      if (width < 1 || height < 1) {
        throw DiffusionException.badInput(
            "size: expected at least 1 x 1, got %d x %d".formatted(width, height));
      }
    }
  }

  /** {@code add_time_ids}, [6]. */
  float[] ofBase(int width, int height) {
    Size from = original == null ? new Size(width, height) : original;
    Size to = target == null ? new Size(width, height) : target;
    return new float[] {from.height(), from.width(), cropTop, cropLeft, to.height(), to.width()};
  }

  /** {@code add_time_ids} of a refiner for the prompt, [5]. */
  float[] ofRefiner(int width, int height) {
    return ofRefiner(width, height, cropTop, cropLeft, aestheticScore);
  }

  /** The same for the negative prompt: no crop. */
  float[] ofRefinerAway(int width, int height) {
    return ofRefiner(width, height, 0, 0, negativeAestheticScore);
  }

  private float[] ofRefiner(int width, int height, int top, int left, double score) {
    Size from = original == null ? new Size(width, height) : original;
    return new float[] {from.height(), from.width(), top, left, (float) score};
  }
}
