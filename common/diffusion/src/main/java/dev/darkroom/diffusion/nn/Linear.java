package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;

/** A linear layer that stands by itself. */
public final class Linear {
  private final Program program;
  private final IValue layer;

  public Linear(Weights weights, long in, long out) {
    this.program = weights.program();
    this.layer = weights.exact().linear(in, out);
  }

  /**
   * @param x [..., in]
   * @return [..., out]
   */
  public NDArray forward(NDArray x) {
    return program.call("linear").tensor(x).value(layer).run();
  }
}
