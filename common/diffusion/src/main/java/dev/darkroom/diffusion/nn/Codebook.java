package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.Program;

/** A table of vectors that stand for all others: each is replaced by its nearest. */
public final class Codebook {
  private final Program program;
  private final NDArray table;

  /**
   * @param count of vectors
   * @param dimension of each
   */
  public Codebook(Weights weights, int count, int dimension) {
    this.program = weights.program();
    this.table =
        weights.parameter(
            "weight", new Shape(count, dimension), new Initialisation.Uniform(1.0 / count));
  }

  /**
   * @param x [N, dimension, H, W]
   * @return [N, H, W] int64: which vector is nearest, by Euclid
   */
  public NDArray nearest(NDArray x) {
    return program.call("nearest_codes").tensor(x).tensor(table).run();
  }

  /**
   * @param indices [N, H, W] int64
   * @return [N, dimension, H, W]
   */
  public NDArray lookup(NDArray indices) {
    return program.call("codes").tensor(indices).tensor(table).run();
  }
}
