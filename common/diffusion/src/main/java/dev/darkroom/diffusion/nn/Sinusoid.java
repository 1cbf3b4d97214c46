package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.kernels.Program;

/**
 * Sinusoidal features of a number (diffusers' Timesteps): {@code exp(-ln(10000) i / (half -
 * freqShift))} are the frequencies.
 */
public final class Sinusoid {
  private final Program program;
  private final int dimension;
  private final boolean flipSinToCos;
  private final double freqShift;

  public Sinusoid(Weights weights, int dimension, boolean flipSinToCos, double freqShift) {
    this.program = weights.program();
    this.dimension = dimension;
    this.flipSinToCos = flipSinToCos;
    this.freqShift = freqShift;
  }

  /**
   * @param t [N], of any number type
   * @return [N, dimension] float32
   */
  public NDArray forward(NDArray t) {
    return program
        .call("sinusoid")
        .tensor(t)
        .integer(dimension)
        .flag(flipSinToCos)
        .real(freqShift)
        .run();
  }
}
