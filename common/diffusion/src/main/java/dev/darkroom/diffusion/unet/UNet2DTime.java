package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Embedding;
import dev.darkroom.diffusion.nn.FourierFeatures;
import dev.darkroom.diffusion.nn.Sinusoid;
import dev.darkroom.diffusion.nn.TimestepEmbedding;
import dev.darkroom.diffusion.nn.Weights;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What conditions every resnet of a UNet2DModel alike: time, and labels where it has them. */
final class UNet2DTime {
  private final ClassEmbedding classEmbedding;
  private final int channels;
  private final UnaryOperator<NDArray> features;
  private final TimestepEmbedding timeEmbedding;
  private final @Nullable Embedding classTable;
  private final @Nullable TimestepEmbedding classMlp;

  UNet2DTime(Weights weights, UNet2DConfig config) {
    classEmbedding = config.classEmbedding();
    int first = config.blockOutChannels().getFirst();
    channels = config.timeChannels();
    Weights projection = weights.at("time_proj");
    int width =
        switch (config.timeEmbeddingType()) {
          case fourier -> 2 * first;
          case positional, learned -> first;
        };
    features =
        switch (config.timeEmbeddingType()) {
          case positional ->
              new Sinusoid(weights, first, config.flipSinToCos(), config.freqShift())::forward;
          case fourier -> new FourierFeatures(projection, first, 16, true, false)::forward;
          case learned -> {
            Integer rows = config.numTrainTimesteps();
            yield new Embedding(projection, rows == null ? 0 : rows, first, "timestep")::forward;
          }
        };
    timeEmbedding = new TimestepEmbedding(weights.at("time_embedding"), width, channels);
    Weights labels = weights.at("class_embedding");
    Integer rows = config.numClassEmbeds();
    classTable =
        classEmbedding == ClassEmbedding.TABLE && rows != null
            ? new Embedding(labels, rows, channels, "class_labels")
            : null;
    classMlp =
        classEmbedding == ClassEmbedding.TIMESTEP
            ? new TimestepEmbedding(labels, width, channels)
            : null;
  }

  /**
   * @param timestep [N]
   * @param labels [N], or [N, timeChannels] where they are the embedding; null where the model
   *     takes none
   * @return [N, timeChannels]
   */
  NDArray forward(NDArray timestep, @Nullable NDArray labels) {
    NDArray embedding = timeEmbedding.forward(features.apply(timestep), null);
    classEmbedding.check(labels, timestep.size(), channels);
    if (labels == null) {
      return embedding;
    }
    if (classTable != null) {
      return embedding.add(classTable.forward(labels));
    }
    return embedding.add(
        classMlp == null ? labels : classMlp.forward(features.apply(labels), null));
  }
}
