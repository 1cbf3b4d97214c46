package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;

/**
 * One vector from all tokens of a text, to stand beside time: the mean attends to the tokens and is
 * projected, as in DeepFloyd IF.
 */
public final class TextTimeEmbedding {
  private final Program program;
  private final NDArray position;
  private final IValue norms;
  private final IValue layers;
  private final int heads;

  /**
   * @param in channels of a token
   * @param out channels of the vector
   * @param heads a divisor of {@code in}
   */
  public TextTimeEmbedding(Weights weights, int in, int out, int heads) {
    this.program = weights.program();
    this.heads = heads;
    Weights pool = weights.exact().at("pool");
    this.position =
        pool.parameter(
            "positional_embedding", new Shape(1, in), new Initialisation.Normal(1 / Math.sqrt(in)));
    IValue query = pool.at("q_proj").linear(in, in);
    IValue key = pool.at("k_proj").linear(in, in);
    IValue value = pool.at("v_proj").linear(in, in);
    IValue projection = weights.exact().at("proj").linear(in, out);
    this.layers = weights.list(query, key, value, projection);
    this.norms =
        weights.list(
            weights.at("norm1").layerNorm(in, 1e-5), weights.at("norm2").layerNorm(out, 1e-5));
  }

  /**
   * @param x [N, T, in]
   * @return [N, out]
   */
  public NDArray forward(NDArray x) {
    return program
        .call("text_time")
        .tensor(x)
        .tensor(position)
        .value(norms)
        .value(layers)
        .integer(heads)
        .run();
  }
}
