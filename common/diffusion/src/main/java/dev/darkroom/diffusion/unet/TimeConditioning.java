package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Activation;
import dev.darkroom.diffusion.nn.Embedding;
import dev.darkroom.diffusion.nn.FourierFeatures;
import dev.darkroom.diffusion.nn.Linear;
import dev.darkroom.diffusion.nn.Sinusoid;
import dev.darkroom.diffusion.nn.TimestepEmbedding;
import dev.darkroom.diffusion.nn.Weights;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What conditions every resnet alike: time, and where the config has them class labels and an
 * {@link AdditionEmbedding}.
 */
final class TimeConditioning {
  private final UNetConfig config;
  private final UnaryOperator<NDArray> time;
  private final TimestepEmbedding timeEmbedding;
  private final UnaryOperator<NDArray> postAct;
  private final UnaryOperator<NDArray> embeddingAct;
  private final @Nullable Embedding classTable;
  private final @Nullable TimestepEmbedding classMlp;
  private final @Nullable Linear classLinear;
  private final @Nullable AdditionLayer addition;

  /**
   * @param labelActivation the activation of {@link ClassEmbedding#TIMESTEP}
   */
  TimeConditioning(Weights weights, UNetConfig config, Activation labelActivation) {
    this.config = config;
    int channels = config.timeChannels();
    int features = config.timeFourier() ? channels : config.blockOutChannels().getFirst();
    boolean flip = config.flipSinToCos();
    time =
        config.timeFourier()
            ? new FourierFeatures(weights.at("time_proj"), features / 2, 1, false, flip)::forward
            : new Sinusoid(weights, features, flip, config.freqShift())::forward;
    timeEmbedding =
        new TimestepEmbedding(
            weights.at("time_embedding"),
            features,
            channels,
            config.timeCondProjDim(),
            config.actFn());
    postAct = layer(weights, config.timestepPostAct());
    embeddingAct = layer(weights, config.timeEmbeddingActFn());
    Weights labels = weights.at("class_embedding");
    classTable =
        config.classEmbedding() == ClassEmbedding.TABLE && config.numClassEmbeds() != null
            ? new Embedding(labels, config.numClassEmbeds(), channels, "class_labels")
            : null;
    Integer projected = config.projectionClassEmbeddingsInputDim();
    classMlp =
        switch (config.classEmbedding()) {
          case TIMESTEP -> new TimestepEmbedding(labels, features, channels, null, labelActivation);
          case PROJECTION ->
              projected == null ? null : new TimestepEmbedding(labels, projected, channels);
          case NONE, TABLE, IDENTITY, SIMPLE_PROJECTION -> null;
        };
    classLinear =
        config.classEmbedding() == ClassEmbedding.SIMPLE_PROJECTION && projected != null
            ? new Linear(labels, projected, channels)
            : null;
    addition =
        config.addition() == null ? null : AdditionLayer.of(weights, config, config.addition());
  }

  private static UnaryOperator<NDArray> layer(Weights weights, @Nullable Activation activation) {
    return activation == null ? UnaryOperator.identity() : activation.layer(weights);
  }

  /** Channels of what {@link #forward} returns. */
  static int channels(UNetConfig config) {
    return config.classEmbeddingsConcat() ? 2 * config.timeChannels() : config.timeChannels();
  }

  /**
   * @param timestep [N]
   * @return [N, channels]
   */
  NDArray forward(NDArray timestep, Conditions conditions) {
    NDArray embedding =
        postAct.apply(timeEmbedding.forward(time.apply(timestep), conditions.timeCondition()));
    NDArray labels = labels(conditions.classLabels(), timestep.size());
    if (labels != null) {
      embedding =
          config.classEmbeddingsConcat() ? embedding.concat(labels, -1) : embedding.add(labels);
    }
    if (addition != null) {
      embedding = embedding.add(addition.forward(conditions));
    }
    return embeddingAct.apply(embedding);
  }

  private @Nullable NDArray labels(@Nullable NDArray labels, long rows) {
    ClassEmbedding type = config.classEmbedding();
    Integer projected = config.projectionClassEmbeddingsInputDim();
    boolean isEmbedding = projected == null || type == ClassEmbedding.IDENTITY;
    type.check(labels, rows, isEmbedding ? config.timeChannels() : projected);
    if (labels == null) {
      return null;
    }
    if (classTable != null) {
      return classTable.forward(labels);
    }
    if (classLinear != null) {
      return classLinear.forward(labels);
    }
    if (classMlp != null) {
      return classMlp.forward(type == ClassEmbedding.TIMESTEP ? time.apply(labels) : labels, null);
    }
    return labels;
  }
}
