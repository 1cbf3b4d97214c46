package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;
import java.util.ArrayList;
import java.util.List;

/**
 * A layer of T5's encoder (Raffel et al. 2020): norms of the root mean square before the branches,
 * scores neither scaled nor placed but by the bias, a feed-forward that may be gated (Shazeer
 * 2020).
 */
public final class T5Layer {
  private final Program program;
  private final List<NDArray> norms;
  private final IValue layers;
  private final int heads;
  private final double eps;
  private final Activation activation;

  /**
   * @param keyChannels of one head
   */
  public T5Layer(
      Weights weights,
      int channels,
      int keyChannels,
      int inner,
      int heads,
      double eps,
      boolean gated,
      Activation activation) {
    this.program = weights.program();
    this.heads = heads;
    this.eps = eps;
    this.activation = activation;
    long width = (long) heads * keyChannels;
    Weights attention = weights.at("layer.0.SelfAttention");
    List<IValue> all = new ArrayList<>();
    all.add(attention.at("q").linearWithoutBias(channels, width));
    all.add(attention.at("k").linearWithoutBias(channels, width));
    all.add(attention.at("v").linearWithoutBias(channels, width));
    all.add(attention.at("o").linearWithoutBias(width, channels));
    Weights dense = weights.at("layer.1.DenseReluDense");
    for (String name : gated ? List.of("wi_0", "wi_1") : List.of("wi")) {
      all.add(dense.at(name).linearWithoutBias(channels, inner));
    }
    all.add(dense.at("wo").linearWithoutBias(inner, channels));
    this.layers = weights.list(all.toArray(IValue[]::new));
    this.norms =
        List.of(norm(weights.at("layer.0"), channels), norm(weights.at("layer.1"), channels));
  }

  /**
   * @param x [N, T, C]
   * @param bias [1 or N, heads, T, T], added to the scores
   * @return [N, T, C]
   */
  public NDArray forward(NDArray x, NDArray bias) {
    return program
        .call("t5_layer")
        .tensor(x)
        .tensor(bias)
        .tensors(norms)
        .real(eps)
        .value(layers)
        .integer(heads)
        .text(activation.configName())
        .run();
  }

  private static NDArray norm(Weights weights, int channels) {
    return weights.parameter(
        "layer_norm.weight", new Shape(channels), new Initialisation.Constant(1));
  }
}
