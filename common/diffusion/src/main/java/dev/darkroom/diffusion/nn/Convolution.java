package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;

/** A convolution that stands by itself: a model's first, or a 1x1 between spaces. */
public final class Convolution {
  private final Program program;
  private final IValue layer;

  /** Square, stride 1, and padded so that the size stays. {@code kernel} is odd. */
  public Convolution(Weights weights, long in, long out, int kernel) {
    this.program = weights.program();
    this.layer = weights.convolution(in, out, kernel, 1, kernel / 2);
  }

  /**
   * @param x [N, in, H, W]
   * @return [N, out, H, W]
   */
  public NDArray forward(NDArray x) {
    return program.call("conv").tensor(x).value(layer).run();
  }
}
