package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;

/**
 * Tokens of objects, from what they are and the boxes that they are in, for transformers to attend
 * to. Li et al. 2023 (GLIGEN); diffusers' GLIGENTextBoundingboxProjection.
 */
public final class ObjectTokens {
  /** Features of a box: a sine and a cosine of eight frequencies for each of four coordinates. */
  private static final int BOX_FEATURES = 64;

  private static final int WIDTH = 512;

  private final Program program;
  private final NDArray absent;
  private final NDArray absentBox;
  private final IValue layers;

  /**
   * @param kind of what says what an object is
   * @param absentBox of {@link #absentBox}, which all kinds of one model share
   * @param in channels of an embedding
   * @param out channels of a token
   */
  public ObjectTokens(Weights weights, Kind kind, NDArray absentBox, int in, int out) {
    this.program = weights.program();
    this.absentBox = absentBox;
    this.absent = weights.parameter(kind.absent, new Shape(in), new Initialisation.Constant(0));
    Weights mlp = weights.exact().at(kind.layers);
    this.layers =
        weights.list(
            mlp.at("0").linear(in + BOX_FEATURES, WIDTH),
            mlp.at("2").linear(WIDTH, WIDTH),
            mlp.at("4").linear(WIDTH, out));
  }

  /** What says what an object is, and its keys. */
  public enum Kind {
    /** A text, where nothing else does. */
    TEXT_ALONE("linears", "null_positive_feature"),
    /** A text beside a picture. */
    TEXT("linears_text", "null_text_feature"),
    /** A picture. */
    IMAGE("linears_image", "null_image_feature");

    private final String layers;
    private final String absent;

    Kind(String layers, String absent) {
      this.layers = layers;
      this.absent = absent;
    }
  }

  /** What stands for the box of an object that is not there. */
  public static NDArray absentBox(Weights weights) {
    return weights.parameter(
        "null_position_feature", new Shape(BOX_FEATURES), new Initialisation.Constant(0));
  }

  /**
   * @param boxes [N, M, 4], left, top, right and bottom in [0, 1]
   * @param boxMask [N, M], 1 where there is an object, 0 where none is
   * @param embeddings [N, M, in]
   * @param mask [N, M], 1 where there is an embedding
   * @return [N, M, out]
   */
  public NDArray forward(NDArray boxes, NDArray boxMask, NDArray embeddings, NDArray mask) {
    return program
        .call("object_tokens")
        .tensor(boxes)
        .tensor(boxMask)
        .tensor(embeddings)
        .tensor(mask)
        .tensor(absent)
        .tensor(absentBox)
        .value(layers)
        .run();
  }
}
