package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.kernels.Program;

/**
 * Halves or doubles the sides of a map by the fixed filter (1, 3, 3, 1), reflected at the edges
 * (diffusers' KDownsample2D and KUpsample2D).
 */
public final class KResize {
  private final Program program;

  public KResize(Weights weights) {
    this.program = weights.program();
  }

  /**
   * @param x [N, C, H, W] of at least two rows and two columns
   * @return [N, C, floor(H/2), floor(W/2)]
   */
  public NDArray halve(NDArray x) {
    return program.call("k_downsample").tensor(x).run();
  }

  /**
   * @param x [N, C, H, W] of at least two rows and two columns
   * @return [N, C, 2H, 2W]
   */
  public NDArray grow(NDArray x) {
    return program.call("k_upsample").tensor(x).run();
  }
}
