package dev.darkroom.diffusion.sampler;

/**
 * A noise level in the form of the solvers: x = alpha x_0 + sigma e.
 *
 * @param lambda log(alpha / sigma), half the log signal-to-noise ratio; infinite without noise
 */
record Level(float alpha, float sigma, float lambda) {
  /** Of a variance-preserving process, by noise over signal. */
  static Level of(float sigma) {
    float alpha = 1f / (float) Math.sqrt(sigma * sigma + 1f);
    return of(alpha, sigma * alpha);
  }

  /** Of a straight path: alpha = 1 - sigma. */
  static Level ofFlow(float sigma) {
    return of(1f - sigma, sigma);
  }

  /** Of a sample x_0 + sigma e. */
  static Level ofVarianceExploding(float sigma) {
    return of(1f, sigma);
  }

  private static Level of(float alpha, float sigma) {
    return new Level(alpha, sigma, (float) Math.log(alpha) - (float) Math.log(sigma));
  }
}
