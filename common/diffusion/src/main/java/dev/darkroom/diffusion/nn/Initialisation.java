package dev.darkroom.diffusion.nn;

/** How a parameter starts when a model is trained from nothing. */
public sealed interface Initialisation {

  /** Uniform in [-bound, bound). */
  record Uniform(double bound) implements Initialisation {}

  /** Normal with mean 0. */
  record Normal(double standardDeviation) implements Initialisation {}

  record Constant(double value) implements Initialisation {}

  /** The first half of the entries is one value, the second half another. */
  record Halves(double first, double second) implements Initialisation {}

  /**
   * Rows (or columns, whichever are fewer) of the weight as a matrix [out, in * kernel²] that are
   * orthonormal, at random: the layer neither swells nor shrinks what passes (Saxe et al. 2014).
   */
  record Orthogonal() implements Initialisation {}

  /**
   * For a convolution with an odd kernel: the middle tap is orthogonal, the others are noise, so it
   * starts near a rotation of the channels at each pixel.
   */
  record CentralOrthogonal(double noise) implements Initialisation {}

  /**
   * PyTorch's Linear and Conv2d, weight and bias alike: kaiming_uniform with a = sqrt(5) is uniform
   * within 1/sqrt(fan_in).
   */
  static Initialisation ofFanIn(long fanIn) {
    return new Uniform(1 / Math.sqrt(fanIn));
  }
}
