package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;

/** A 1x1 convolution that starts at zero, and so adds nothing until it has learned to. */
public final class ZeroConvolution {
  private final Program program;
  private final IValue layer;

  public ZeroConvolution(Weights weights, long channels) {
    this.program = weights.program();
    this.layer = weights.zeroConvolution(channels, channels, 1);
  }

  /**
   * @param x [N, C, H, W]
   * @return the same shape
   */
  public NDArray forward(NDArray x) {
    return program.call("conv").tensor(x).value(layer).run();
  }
}
