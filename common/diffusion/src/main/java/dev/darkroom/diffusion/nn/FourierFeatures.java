package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.Program;

/**
 * Features of a noise level by frequencies that were drawn once and are kept (diffusers'
 * GaussianFourierProjection, as UNet2DModel has it). Song et al. 2021.
 */
public final class FourierFeatures {
  /** Deviation of the frequencies. */
  private static final double SCALE = 16;

  private final Program program;
  private final NDArray frequencies;

  /**
   * @param count of frequencies
   */
  public FourierFeatures(Weights weights, int count) {
    this.program = weights.program();
    this.frequencies =
        weights.parameter("weight", new Shape(count), new Initialisation.Normal(SCALE));
  }

  /**
   * @param t [N], positive, of any number type
   * @return [N, 2 * count] float32
   */
  public NDArray forward(NDArray t) {
    return program.call("fourier").tensor(t).tensor(frequencies).run();
  }
}
