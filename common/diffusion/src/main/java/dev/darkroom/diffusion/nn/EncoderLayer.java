package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;
import org.jspecify.annotations.Nullable;

/** A bidirectional transformer layer with norms after the sums, as in BERT (Devlin et al. 2018). */
public final class EncoderLayer {
  private final Program program;
  private final IValue norms;
  private final IValue layers;
  private final int heads;

  public EncoderLayer(Weights weights, int channels, int inner, int heads, double eps) {
    this.program = weights.program();
    this.heads = heads;
    Weights self = weights.at("attention.self");
    IValue query = self.at("query").linear(channels, channels);
    IValue key = self.at("key").linear(channels, channels);
    IValue value = self.at("value").linear(channels, channels);
    IValue out = weights.at("attention.output.dense").linear(channels, channels);
    IValue norm1 = weights.at("attention.output.LayerNorm").layerNorm(channels, eps);
    IValue up = weights.at("intermediate.dense").linear(channels, inner);
    IValue down = weights.at("output.dense").linear(inner, channels);
    IValue norm2 = weights.at("output.LayerNorm").layerNorm(channels, eps);
    this.layers = weights.list(query, key, value, out, up, down);
    this.norms = weights.list(norm1, norm2);
  }

  /**
   * @param x [N, T, C]
   * @param bias [N, 1, 1, T], added to the scores, or null
   * @return [N, T, C]
   */
  public NDArray forward(NDArray x, @Nullable NDArray bias) {
    return program
        .call("encoder_layer")
        .tensor(x)
        .optional(bias)
        .value(norms)
        .value(layers)
        .integer(heads)
        .run();
  }
}
