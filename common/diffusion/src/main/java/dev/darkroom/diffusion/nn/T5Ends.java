package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.Program;
import org.jspecify.annotations.Nullable;

/**
 * What stands around the layers of T5's encoder: the tokens' embeddings, the bias that all layers
 * add to their scores, and the final norm.
 */
public final class T5Ends {
  private final Program program;
  private final NDArray words;
  private final NDArray distances;
  private final NDArray norm;
  private final double eps;

  /**
   * @param buckets of distance, a multiple of 4
   */
  public T5Ends(Weights weights, int vocabulary, int channels, int buckets, int heads, double eps) {
    this.program = weights.program();
    this.eps = eps;
    this.words =
        weights.at("shared").table(new Shape(vocabulary, channels), new Initialisation.Normal(1));
    this.distances =
        weights.parameter(
            "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
            new Shape(buckets, heads),
            new Initialisation.Normal(1 / Math.sqrt(channels)));
    this.norm =
        weights.parameter(
            "encoder.final_layer_norm.weight", new Shape(channels), new Initialisation.Constant(1));
  }

  /**
   * @param ids [N, T] int64
   * @return [N, T, C]
   */
  public NDArray embed(NDArray ids) {
    return program.call("token_embedding").tensor(ids).tensor(words).optional(null).run();
  }

  /**
   * @param mask [N, T], 1 for tokens and 0 for padding, or null
   * @param maxDistance from where on all distances are one
   * @return [1 or N, heads, T, T]
   */
  public NDArray bias(@Nullable NDArray mask, long length, int maxDistance) {
    return program
        .call("t5_bias")
        .tensor(distances)
        .optional(mask)
        .integer(length)
        .integer(maxDistance)
        .run();
  }

  /**
   * @param x [N, T, C]
   * @return [N, T, C]
   */
  public NDArray finalNorm(NDArray x) {
    return program.call("rms_norm").tensor(x).tensor(norm).real(eps).run();
  }
}
