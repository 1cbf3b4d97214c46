package dev.darkroom.diffusion.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.nn.AttentionMask;
import dev.darkroom.diffusion.nn.EncoderLayer;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.ParameterSource;
import dev.darkroom.diffusion.nn.Pooler;
import dev.darkroom.diffusion.nn.TextEmbeddings;
import dev.darkroom.diffusion.nn.Weights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** BERT's encoder. Devlin et al. 2018; checkpoints are transformers' BertModel. */
public final class BertModel implements TextEncoder {
  private final BertConfig config;
  private final Weights weights;
  private final AttentionMask mask;
  private final TextEmbeddings embeddings;
  private final List<EncoderLayer> layers = new ArrayList<>();
  private final @Nullable Pooler pooler;

  /**
   * Builds the model, each parameter taken from {@code source}; it lives as long as the source's
   * manager. It has a pooler where the source holds one.
   *
   * @throws DiffusionException if the source lacks a parameter
   */
  public BertModel(BertConfig config, ParameterSource source, Execution execution) {
    this.config = config;
    this.weights = Weights.of(source, execution).streamed();
    int channels = config.hiddenSize();
    double eps = config.layerNormEps();
    mask = new AttentionMask(weights);
    embeddings =
        new TextEmbeddings(
            weights.at("embeddings"),
            config.vocabSize(),
            config.maxPositionEmbeddings(),
            config.typeVocabSize(),
            channels,
            eps);
    for (int i = 0; i < config.numHiddenLayers(); i++) {
      layers.add(
          new EncoderLayer(
              weights.at("encoder.layer", i),
              channels,
              config.intermediateSize(),
              config.numAttentionHeads(),
              eps));
    }
    pooler =
        weights.holds("pooler.dense.weight") ? new Pooler(weights.at("pooler"), channels) : null;
  }

  /**
   * Loads a component folder of transformers.
   *
   * @param manager owner of the model, on the device where it runs
   * @throws DiffusionException if the folder is not such a model, whole, with every tensor
   *     accounted for
   */
  public static BertModel load(Path folder, NDManager manager, Execution execution) {
    try (Checkpoint weights = Checkpoint.open(folder)) {
      return load(ComponentFolder.config(folder), weights, manager, execution);
    }
  }

  /** The same from a config and weights of any names; the caller closes the weights. */
  public static BertModel load(
      ModelConfig json, Checkpoint weights, NDManager manager, Execution execution) {
    BertConfig config = BertConfig.of(json);
    return ComponentFolder.load(
        weights,
        manager,
        // Models with a head keep the encoder under this name.
        key -> "bert." + key,
        key -> key.endsWith("position_ids") || key.startsWith("cls."),
        source -> new BertModel(config, source, execution));
  }

  /** Writes the model as a component folder of transformers, its parameters as {@code type}. */
  public void save(Path folder, TensorType type) {
    ComponentFolder.write(
        folder, config.toJson(), ComponentFolder.TRANSFORMERS_WEIGHTS, parameters(), type);
  }

  public BertConfig config() {
    return config;
  }

  @Override
  public Map<String, NDArray> parameters() {
    return weights.parameters();
  }

  @Override
  public int hiddenSize() {
    return config.hiddenSize();
  }

  @Override
  public int maxPositions() {
    return config.maxPositionEmbeddings();
  }

  @Override
  public boolean useAttentionMask() {
    return config.useAttentionMask();
  }

  @Override
  public TextStates forward(NDArray ids, @Nullable NDArray attentionMask) {
    TextInputs.check(ids, attentionMask, config.maxPositionEmbeddings(), config.vocabSize());
    return weights.run(
        () -> encode(ids, attentionMask), ids.getShape().get(0), ids.getShape().get(1));
  }

  private TextStates encode(NDArray ids, @Nullable NDArray attentionMask) {
    try (Scope scope = Scope.open()) {
      NDArray bias = attentionMask == null ? null : mask.toLowest(attentionMask);
      List<NDArray> states = new ArrayList<>();
      states.add(scope.keep(embeddings.forward(ids)));
      for (EncoderLayer layer : layers) {
        states.add(scope.keep(layer.forward(states.getLast(), bias)));
      }
      NDArray last = states.getLast();
      NDArray pooled = pooler == null ? null : scope.keep(pooler.forward(last));
      return new TextStates(last, states, pooled, null);
    }
  }
}
