package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;

/**
 * The end of these models: {@code conv_out(act(conv_norm_out(x)))}. It takes the place that holds
 * both.
 */
public final class OutputHead {
  private final Program program;
  private final IValue norm;
  private final IValue conv;
  private final Activation activation;

  /** With SiLU, and a kernel of 3. */
  public OutputHead(Weights weights, long in, long out, int groups, double eps) {
    this(weights, in, out, 3, groups, eps, Activation.SILU);
  }

  public OutputHead(
      Weights weights,
      long in,
      long out,
      int kernel,
      int groups,
      double eps,
      Activation activation) {
    this.program = weights.program();
    this.activation = activation;
    this.norm = weights.at("conv_norm_out").groupNorm(groups, in, eps);
    this.conv = weights.at("conv_out").convolution(in, out, kernel, 1, kernel / 2);
  }

  /**
   * @param x [N, in, H, W]
   * @return [N, out, H, W]
   */
  public NDArray forward(NDArray x) {
    return program
        .call("norm_act_conv")
        .tensor(x)
        .value(norm)
        .value(conv)
        .text(activation.configName())
        .run();
  }
}
