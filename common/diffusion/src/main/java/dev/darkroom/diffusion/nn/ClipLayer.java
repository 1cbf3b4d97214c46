package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;
import org.jspecify.annotations.Nullable;

/** A transformer layer with norms before its branches, as in CLIP (Radford et al. 2021). */
public final class ClipLayer {
  private final Program program;
  private final IValue norms;
  private final IValue layers;
  private final int heads;
  private final Activation activation;

  public ClipLayer(
      Weights weights, int channels, int inner, int heads, double eps, Activation activation) {
    this.program = weights.program();
    this.heads = heads;
    this.activation = activation;
    Weights self = weights.at("self_attn");
    IValue query = self.at("q_proj").linear(channels, channels);
    IValue key = self.at("k_proj").linear(channels, channels);
    IValue value = self.at("v_proj").linear(channels, channels);
    IValue out = self.at("out_proj").linear(channels, channels);
    IValue norm1 = weights.at("layer_norm1").layerNorm(channels, eps);
    IValue up = weights.at("mlp.fc1").linear(channels, inner);
    IValue down = weights.at("mlp.fc2").linear(inner, channels);
    IValue norm2 = weights.at("layer_norm2").layerNorm(channels, eps);
    this.layers = weights.list(query, key, value, out, up, down);
    this.norms = weights.list(norm1, norm2);
  }

  /**
   * @param ids [N, T]
   * @param mask [N, T], 1 for tokens and 0 for padding, or null
   * @return [1 or N, 1, T, T] bool, true where a token may look: at itself and what comes before
   */
  public NDArray seen(NDArray ids, @Nullable NDArray mask) {
    return program.call("causal_mask").tensor(ids).optional(mask).run();
  }

  /**
   * @param x [N, T, C]
   * @param seen as {@link #seen} gives it
   * @return [N, T, C]
   */
  public NDArray forward(NDArray x, NDArray seen) {
    return program
        .call("clip_layer")
        .tensor(x)
        .tensor(seen)
        .value(norms)
        .value(layers)
        .integer(heads)
        .text(activation.configName())
        .run();
  }
}
