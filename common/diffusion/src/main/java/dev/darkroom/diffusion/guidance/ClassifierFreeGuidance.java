package dev.darkroom.diffusion.guidance;

import dev.darkroom.diffusion.DiffusionException;

/**
 * Classifier-free guidance (Ho and Salimans 2022) with the rescale of Lin et al. 2024, section 3.4.
 *
 * @param scale w; 1 and below is off, and then no unconditional prediction is needed
 * @param rescale phi in [0, 1], the share of the prediction that is brought back to the conditional
 *     one's deviation
 * @param interval the part of the run that is guided
 * @param belowOne whether a scale below 1 is on as well, and leads to the unconditional prediction
 */
public record ClassifierFreeGuidance(
    double scale, double rescale, GuidanceInterval interval, boolean belowOne) {
  public ClassifierFreeGuidance {
    if (!(scale >= 0 && scale <= 1000)) {
      throw DiffusionException.badInput("guidance scale: expected 0 to 1000, got " + scale);
    }
    Rescale.check(rescale);
  }

  /** Guidance by a scale above 1, as nearly all pipelines of diffusers have it. */
  public ClassifierFreeGuidance(double scale, double rescale, GuidanceInterval interval) {
    this(scale, rescale, interval, false);
  }

  /** Guidance of the whole run. */
  public ClassifierFreeGuidance(double scale, double rescale) {
    this(scale, rescale, GuidanceInterval.ALL);
  }

  /** The same by any scale but 1, as {@code LDMTextToImagePipeline} has it. */
  public ClassifierFreeGuidance alsoBelowOne() {
    return new ClassifierFreeGuidance(scale, rescale, interval, true);
  }

  /** Whether the unconditional prediction is asked for at all. */
  public boolean isOn() {
    return scale > 1 || (belowOne && scale < 1);
  }

  /** Whether it is asked for at one call of a run. */
  public boolean isOnAt(int step, int steps) {
    return isOn() && interval.contains(step, steps);
  }

  /**
   * u + w (c - u), then rescaled.
   *
   * @param unconditional [C*H*W], the prediction for the negative prompt
   * @param conditional [C*H*W], the prediction for the prompt
   * @return a new array
   */
  public float[] apply(float[] unconditional, float[] conditional) {
    float[] guided = mix(unconditional, conditional);
    rescale(guided, conditional);
    return guided;
  }

  /** u + w (c - u). */
  float[] mix(float[] unconditional, float[] conditional) {
    float w = (float) scale;
    float[] guided = new float[conditional.length];
    for (int i = 0; i < guided.length; i++) {
      guided[i] = unconditional[i] + w * (conditional[i] - unconditional[i]);
    }
    return guided;
  }

  /** Brings a guided prediction's deviation back, in place. */
  void rescale(float[] guided, float[] conditional) {
    new Rescale(rescale).apply(guided, conditional);
  }
}
