package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import org.jspecify.annotations.Nullable;

/**
 * How class labels condition the model: diffusers' {@code class_embed_type}, and its name there.
 */
public enum ClassEmbedding {
  /** No labels. */
  NONE(null),
  /** A table of {@code num_class_embeds} vectors; labels [N] int64. */
  TABLE(null),
  /** Sinusoids of the label, then an MLP; labels [N]. */
  TIMESTEP("timestep"),
  /** The labels are the embedding [N, timeChannels]. */
  IDENTITY("identity"),
  /** An MLP over [N, projection_class_embeddings_input_dim]. */
  PROJECTION("projection"),
  /** One linear layer over the same. */
  SIMPLE_PROJECTION("simple_projection");

  private final @Nullable String configName;

  ClassEmbedding(@Nullable String configName) {
    this.configName = configName;
  }

  @Nullable String configName() {
    return configName;
  }

  /**
   * @param labels of a forward, or null
   * @param rows of the sample
   * @param width of a label that is a vector
   * @throws DiffusionException if there are labels for a model that takes none, none for one that
   *     needs them, or of another shape
   */
  void check(@Nullable NDArray labels, long rows, long width) {
    if ((labels == null) != (this == NONE)) {
      throw DiffusionException.badInput(
          "class_labels: this model %s, got %s"
              .formatted(
                  this == NONE ? "takes none" : "needs them (" + this + ")",
                  labels == null ? "none" : "some"));
    }
    Shape expected =
        switch (this) {
          case NONE, TABLE, TIMESTEP -> new Shape(rows);
          case IDENTITY, PROJECTION, SIMPLE_PROJECTION -> new Shape(rows, width);
        };
    if (labels != null && !labels.getShape().equals(expected)) {
      throw DiffusionException.badInput(
          "class_labels: expected %s, got %s".formatted(expected, labels.getShape()));
    }
  }
}
