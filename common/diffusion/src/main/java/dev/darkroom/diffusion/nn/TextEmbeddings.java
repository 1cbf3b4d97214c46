package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;

/**
 * What BERT starts from: word, position and token type, added and normed. All tokens are of the
 * first type.
 */
public final class TextEmbeddings {
  private final Program program;
  private final NDArray words;
  private final NDArray positions;
  private final NDArray types;
  private final IValue norm;

  public TextEmbeddings(
      Weights weights, int vocabulary, int length, int typeCount, int channels, double eps) {
    this.program = weights.program();
    // transformers initialises text models with this deviation, where PyTorch's own is 1.
    Initialisation start = new Initialisation.Normal(0.02);
    this.words =
        weights.parameter("word_embeddings.weight", new Shape(vocabulary, channels), start);
    this.positions =
        weights.parameter("position_embeddings.weight", new Shape(length, channels), start);
    this.types =
        weights.parameter("token_type_embeddings.weight", new Shape(typeCount, channels), start);
    this.norm = weights.at("LayerNorm").layerNorm(channels, eps);
  }

  /**
   * @param ids [N, T] int64, each in [0, vocabulary)
   * @return [N, T, C]
   */
  public NDArray forward(NDArray ids) {
    return program
        .call("text_embeddings")
        .tensor(ids)
        .tensor(words)
        .tensor(positions)
        .tensor(types)
        .value(norm)
        .run();
  }
}
