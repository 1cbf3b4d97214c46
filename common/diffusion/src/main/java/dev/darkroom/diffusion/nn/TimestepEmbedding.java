package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;
import org.jspecify.annotations.Nullable;

/**
 * Linear, activation, Linear: features of a timestep, or of anything else that conditions all
 * blocks alike.
 */
public final class TimestepEmbedding {
  private final Program program;
  private final IValue layers;
  private final Activation activation;

  /** With SiLU, and no second input. */
  public TimestepEmbedding(Weights weights, long in, long out) {
    this(weights, in, out, null, Activation.SILU);
  }

  /**
   * @param conditionChannels of a second input that is projected and added to the first, or null
   *     for none
   */
  public TimestepEmbedding(
      Weights weights,
      long in,
      long out,
      @Nullable Integer conditionChannels,
      Activation activation) {
    this.program = weights.program();
    this.activation = activation;
    IValue linear1 = weights.exact().at("linear_1").linear(in, out);
    IValue linear2 = weights.exact().at("linear_2").linear(out, out);
    this.layers =
        conditionChannels == null
            ? weights.list(linear1, linear2)
            : weights.list(
                linear1,
                linear2,
                weights.exact().at("cond_proj").linearWithoutBias(conditionChannels, in));
  }

  /**
   * @param x [N, in]
   * @param condition [N, conditionChannels], or null
   * @return [N, out]
   */
  public NDArray forward(NDArray x, @Nullable NDArray condition) {
    return program
        .call("time_mlp")
        .tensor(x)
        .optional(condition)
        .value(layers)
        .text(activation.configName())
        .run();
  }
}
