package dev.darkroom.diffusion.guidance;

import dev.darkroom.diffusion.DiffusionException;

/**
 * Classifier-free guidance (Ho and Salimans 2022) with the rescale of Lin et al. 2024, section 3.4.
 *
 * @param scale w; 1 and below is off, and then no unconditional prediction is needed
 * @param rescale phi in [0, 1], the share of the prediction that is brought back to the conditional
 *     one's deviation
 * @param interval the part of the run that is guided
 */
public record ClassifierFreeGuidance(double scale, double rescale, GuidanceInterval interval) {
  public ClassifierFreeGuidance {
    if (!(scale >= 0 && scale <= 1000)) {
      throw DiffusionException.badInput("guidance scale: expected 0 to 1000, got " + scale);
    }
    Rescale.check(rescale);
  }

  /** Guidance of the whole run. */
  public ClassifierFreeGuidance(double scale, double rescale) {
    this(scale, rescale, GuidanceInterval.ALL);
  }

  /** Whether the unconditional prediction is asked for at all: the rule of diffusers. */
  public boolean isOn() {
    return scale > 1;
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
