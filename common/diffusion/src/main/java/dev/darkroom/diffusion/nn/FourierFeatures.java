package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.Program;

/**
 * Features of a noise level by frequencies that were drawn once and are kept (diffusers'
 * GaussianFourierProjection). Song et al. 2021.
 */
public final class FourierFeatures {
  private final Program program;
  private final NDArray frequencies;
  private final boolean ofLogarithm;
  private final boolean flipSinToCos;

  /**
   * @param count of frequencies
   * @param scale their deviation in a new model
   * @param ofLogarithm whether they meet the logarithm of what comes in, which then is positive
   */
  public FourierFeatures(
      Weights weights, int count, double scale, boolean ofLogarithm, boolean flipSinToCos) {
    this.program = weights.program();
    this.ofLogarithm = ofLogarithm;
    this.flipSinToCos = flipSinToCos;
    this.frequencies =
        weights.parameter("weight", new Shape(count), new Initialisation.Normal(scale));
  }

  /**
   * @param t [N], of any number type
   * @return [N, 2 * count] float32
   */
  public NDArray forward(NDArray t) {
    return program
        .call("fourier")
        .tensor(t)
        .tensor(frequencies)
        .flag(ofLogarithm)
        .flag(flipSinToCos)
        .run();
  }
}
