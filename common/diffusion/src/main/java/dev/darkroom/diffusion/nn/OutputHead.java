package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;
import org.jspecify.annotations.Nullable;

/**
 * The end of these models: {@code conv_out(act(conv_norm_out(x)))}, or {@code conv_out(x)} alone.
 * It takes the place that holds both.
 */
public final class OutputHead {
  private final Program program;
  private final @Nullable IValue norm;
  private final IValue conv;
  private final Activation activation;

  /** With SiLU, and a kernel of 3. */
  public OutputHead(Weights weights, long in, long out, int groups, double eps) {
    this(weights, in, out, 3, groups, eps, Activation.SILU);
  }

  /**
   * @param kernel odd: the size stays
   * @param groups of the norm, or null for none, and no activation
   */
  public OutputHead(
      Weights weights,
      long in,
      long out,
      int kernel,
      @Nullable Integer groups,
      double eps,
      Activation activation) {
    this.program = weights.program();
    this.activation = activation;
    this.norm = groups == null ? null : weights.at("conv_norm_out").groupNorm(groups, in, eps);
    this.conv = weights.at("conv_out").convolution(in, out, kernel, 1, kernel / 2);
  }

  /**
   * @param x [N, in, H, W]
   * @return [N, out, H, W]
   */
  public NDArray forward(NDArray x) {
    if (norm == null) {
      return program.call("conv").tensor(x).value(conv).run();
    }
    return program
        .call("norm_act_conv")
        .tensor(x)
        .value(norm)
        .value(conv)
        .text(activation.configName())
        .run();
  }
}
