package dev.darkroom.diffusion.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.nn.AdaptableLayers;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.ParameterSource;
import dev.darkroom.diffusion.nn.Weights;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * CLIP's text encoder with the projection into the space that it shares with pictures, as Stable
 * Diffusion XL's second encoder has it (OpenCLIP's bigG).
 */
public final class CLIPTextModelWithProjection implements CLIPTextEncoder {
  private final CLIPTextConfig config;
  private final Weights weights;
  private final CLIPTextTransformer transformer;

  /**
   * Builds the model, each parameter taken from {@code source}; it lives as long as the source's
   * manager.
   *
   * @throws DiffusionException if the source lacks a parameter
   */
  public CLIPTextModelWithProjection(
      CLIPTextConfig config, ParameterSource source, Execution execution) {
    this.config = config.requireProjection();
    this.weights = Weights.of(source, execution).streamed();
    this.transformer = new CLIPTextTransformer(config, weights, true);
  }

  /** Loads a component folder of transformers; see {@link CLIPTextModel#load}. */
  public static CLIPTextModelWithProjection load(
      Path folder, NDManager manager, Execution execution) {
    try (Checkpoint weights = Checkpoint.open(folder)) {
      return load(ComponentFolder.config(folder), weights, manager, execution);
    }
  }

  /** The same from a config and weights of any names; the caller closes the weights. */
  public static CLIPTextModelWithProjection load(
      ModelConfig json, Checkpoint weights, NDManager manager, Execution execution) {
    CLIPTextConfig config = CLIPTextConfig.of(json);
    return ComponentFolder.load(
        weights,
        manager,
        CLIPTextModel::olderName,
        CLIPTextModel::isIgnorable,
        source -> new CLIPTextModelWithProjection(config, source, execution));
  }

  /** Writes the model as a component folder of transformers, its parameters as {@code type}. */
  public void save(Path folder, TensorType type) {
    ComponentFolder.write(
        folder,
        config.toJson("CLIPTextModelWithProjection"),
        ComponentFolder.TRANSFORMERS_WEIGHTS,
        parameters(),
        type);
  }

  @Override
  public CLIPTextConfig config() {
    return config;
  }

  @Override
  public AdaptableLayers adaptable() {
    return weights.adaptable();
  }

  @Override
  public Map<String, NDArray> parameters() {
    return weights.parameters();
  }

  @Override
  public TextStates forward(
      NDArray ids, @Nullable NDArray attentionMask, @Nullable NDArray addedEmbeddings) {
    return transformer.forward(ids, attentionMask, addedEmbeddings);
  }

  @Override
  public NDArray finalNorm(NDArray states) {
    return transformer.finalNorm(states);
  }
}
