package dev.darkroom.diffusion.guidance;

import dev.darkroom.diffusion.DiffusionException;

/**
 * Brings a guided prediction back to the deviation of the one for the prompt, which guidance
 * raises. Lin et al. 2024, section 3.4.
 *
 * @param share phi in [0, 1], how much of the prediction is brought back
 */
record Rescale(double share) {
  Rescale {
    check(share);
  }

  static void check(double share) {
    if (!(share >= 0 && share <= 1)) {
      throw DiffusionException.badInput("guidance rescale: expected 0 to 1, got " + share);
    }
  }

  /**
   * @param guided [C*H*W], written to
   * @param conditional [C*H*W], the prediction for the prompt
   */
  void apply(float[] guided, float[] conditional) {
    if (share == 0) {
      return;
    }
    double guidedDeviation = deviation(guided);
    if (guidedDeviation == 0) {
      return; // a flat prediction has no deviation to bring back
    }
    double ratio = deviation(conditional) / guidedDeviation;
    float factor = (float) (share * ratio + (1 - share));
    for (int i = 0; i < guided.length; i++) {
      guided[i] *= factor;
    }
  }

  private static double deviation(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    double mean = sum / values.length;
    double squares = 0;
    for (float value : values) {
      squares += (value - mean) * (value - mean);
    }
    return Math.sqrt(squares / Math.max(1, values.length - 1));
  }
}
