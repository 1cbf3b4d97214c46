package dev.darkroom.diffusion.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.ParameterSource;
import dev.darkroom.diffusion.nn.T5Ends;
import dev.darkroom.diffusion.nn.T5Layer;
import dev.darkroom.diffusion.nn.Weights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * T5's encoder, v1.0 and v1.1. Raffel et al. 2020; checkpoints are transformers' T5EncoderModel.
 */
public final class T5EncoderModel implements TextEncoder {
  /** Positions are relative: nothing ends, but memory grows with the square. */
  private static final int MAX_POSITIONS = 4096;

  private final T5Config config;
  private final Weights weights;
  private final T5Ends ends;
  private final List<T5Layer> layers = new ArrayList<>();

  /**
   * Builds the model, each parameter taken from {@code source}; it lives as long as the source's
   * manager.
   *
   * @throws DiffusionException if the source lacks a parameter
   */
  public T5EncoderModel(T5Config config, ParameterSource source, Execution execution) {
    this.config = config;
    this.weights = Weights.of(source, execution).streamed();
    double eps = config.layerNormEpsilon();
    ends =
        new T5Ends(
            weights,
            config.vocabSize(),
            config.dModel(),
            config.relativeAttentionNumBuckets(),
            config.numHeads(),
            eps);
    for (int i = 0; i < config.numLayers(); i++) {
      layers.add(
          new T5Layer(
              weights.at("encoder.block", i),
              config.dModel(),
              config.dKv(),
              config.dFf(),
              config.numHeads(),
              eps,
              config.gated(),
              config.denseAct()));
    }
  }

  /**
   * Loads a component folder of transformers.
   *
   * @param manager owner of the model, on the device where it runs
   * @throws DiffusionException if the folder is not such a model, whole, with every tensor
   *     accounted for
   */
  public static T5EncoderModel load(Path folder, NDManager manager, Execution execution) {
    try (Checkpoint weights = Checkpoint.open(folder)) {
      return load(ComponentFolder.config(folder), weights, manager, execution);
    }
  }

  /** The same from a config and weights of any names; the caller closes the weights. */
  public static T5EncoderModel load(
      ModelConfig json, Checkpoint weights, NDManager manager, Execution execution) {
    T5Config config = T5Config.of(json);
    return ComponentFolder.load(
        weights,
        manager,
        T5EncoderModel::olderName,
        T5EncoderModel::isIgnorable,
        source -> new T5EncoderModel(config, source, execution));
  }

  /** The embeddings are stored under one of two names, or both. */
  public static String olderName(String key) {
    return key.equals("shared.weight") ? "encoder.embed_tokens.weight" : key;
  }

  /** Whether a key is the second name of a parameter, or belongs to the decoder. */
  public static boolean isIgnorable(String key) {
    return key.equals("encoder.embed_tokens.weight")
        || key.startsWith("decoder.")
        || key.equals("lm_head.weight");
  }

  /** Writes the model as a component folder of transformers, its parameters as {@code type}. */
  public void save(Path folder, TensorType type) {
    ComponentFolder.write(
        folder, config.toJson(), ComponentFolder.TRANSFORMERS_WEIGHTS, parameters(), type);
  }

  public T5Config config() {
    return config;
  }

  @Override
  public Map<String, NDArray> parameters() {
    return weights.parameters();
  }

  @Override
  public int hiddenSize() {
    return config.dModel();
  }

  @Override
  public int maxPositions() {
    return MAX_POSITIONS;
  }

  @Override
  public boolean useAttentionMask() {
    return false;
  }

  @Override
  public TextStates forward(NDArray ids, @Nullable NDArray attentionMask) {
    TextInputs.check(ids, attentionMask, MAX_POSITIONS, config.vocabSize());
    return weights.run(
        () -> encode(ids, attentionMask), ids.getShape().get(0), ids.getShape().get(1));
  }

  private TextStates encode(NDArray ids, @Nullable NDArray mask) {
    try (Scope scope = Scope.open()) {
      long length = ids.getShape().get(1);
      NDArray bias = ends.bias(mask, length, config.relativeAttentionMaxDistance());
      List<NDArray> states = new ArrayList<>();
      NDArray x = ends.embed(ids);
      for (T5Layer layer : layers) {
        states.add(scope.keep(x));
        x = layer.forward(x, bias);
      }
      NDArray last = scope.keep(ends.finalNorm(x));
      states.add(last);
      return new TextStates(last, states, null, null);
    }
  }
}
