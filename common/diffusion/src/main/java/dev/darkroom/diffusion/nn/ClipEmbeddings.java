package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.Program;
import org.jspecify.annotations.Nullable;

/** What CLIP's text encoder starts from: tokens and positions, added. */
public final class ClipEmbeddings {
  private final Program program;
  private final NDArray words;
  private final NDArray positions;

  public ClipEmbeddings(Weights weights, int vocabulary, int length, int channels) {
    this.program = weights.program();
    Initialisation start = new Initialisation.Normal(0.02);
    this.words = weights.at("token_embedding").table(new Shape(vocabulary, channels), start);
    this.positions =
        weights.parameter("position_embedding.weight", new Shape(length, channels), start);
  }

  /**
   * @param ids [N, T] int64, each in [0, vocabulary + E)
   * @param added [E, C], what ids past the vocabulary stand for, or null
   * @return [N, T, C]
   */
  public NDArray forward(NDArray ids, @Nullable NDArray added) {
    return program
        .call("clip_embeddings")
        .tensor(ids)
        .tensor(words)
        .optional(added)
        .tensor(positions)
        .run();
  }
}
