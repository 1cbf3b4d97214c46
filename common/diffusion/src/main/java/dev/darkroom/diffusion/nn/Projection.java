package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;

/** A linear layer without bias that stands by itself. */
public final class Projection {
  private final Program program;
  private final IValue layer;

  public Projection(Weights weights, long in, long out) {
    this.program = weights.program();
    this.layer = weights.exact().linearWithoutBias(in, out);
  }

  /**
   * @param x [N, in] or [N, T, in]
   * @return the same with {@code out} channels
   */
  public NDArray forward(NDArray x) {
    return program.call("linear").tensor(x).value(layer).run();
  }
}
