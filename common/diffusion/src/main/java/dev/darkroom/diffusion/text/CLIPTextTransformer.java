package dev.darkroom.diffusion.text;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.nn.ClipEmbeddings;
import dev.darkroom.diffusion.nn.ClipLayer;
import dev.darkroom.diffusion.nn.FinalNorm;
import dev.darkroom.diffusion.nn.Projection;
import dev.darkroom.diffusion.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The encoder that both of CLIP's text models are. Its keys begin with {@code text_model}, as in
 * all published checkpoints; transformers 5 writes {@code CLIPTextModel} without.
 */
final class CLIPTextTransformer {
  static final String PREFIX = "text_model.";

  private final CLIPTextConfig config;
  private final Weights weights;
  private final ClipEmbeddings embeddings;
  private final List<ClipLayer> layers = new ArrayList<>();
  private final FinalNorm finalNorm;
  private final @Nullable Projection projection;

  CLIPTextTransformer(CLIPTextConfig config, Weights root, boolean projects) {
    this.config = config;
    this.weights = root;
    Weights at = root.at("text_model");
    embeddings =
        new ClipEmbeddings(
            at.at("embeddings"),
            config.vocabSize(),
            config.maxPositionEmbeddings(),
            config.hiddenSize());
    for (int i = 0; i < config.numHiddenLayers(); i++) {
      layers.add(
          new ClipLayer(
              at.at("encoder.layers", i),
              config.hiddenSize(),
              config.intermediateSize(),
              config.numAttentionHeads(),
              config.layerNormEps(),
              config.hiddenAct()));
    }
    finalNorm =
        new FinalNorm(at.at("final_layer_norm"), config.hiddenSize(), config.layerNormEps());
    projection =
        projects
            ? new Projection(
                root.at("text_projection"), config.hiddenSize(), config.projectionDim())
            : null;
  }

  static String olderName(String key) {
    return key.startsWith(PREFIX) ? key.substring(PREFIX.length()) : key;
  }

  static boolean isIgnorable(String key) {
    return key.endsWith("embeddings.position_ids");
  }

  /**
   * @param added [E, C], or null
   */
  TextStates forward(NDArray ids, @Nullable NDArray mask, @Nullable NDArray added) {
    int extra = added == null ? 0 : (int) added.getShape().get(0);
    TextInputs.check(ids, mask, config.maxPositionEmbeddings(), config.vocabSize() + extra);
    if (added != null && added.getShape().get(1) != config.hiddenSize()) {
      throw DiffusionException.badInput(
          "added embeddings: expected [E,%d], got %s"
              .formatted(config.hiddenSize(), added.getShape()));
    }
    return weights.run(
        () -> encode(ids, mask, added), ids.getShape().get(0), ids.getShape().get(1));
  }

  private TextStates encode(NDArray ids, @Nullable NDArray mask, @Nullable NDArray added) {
    try (Scope scope = Scope.open()) {
      NDArray seen = layers.getFirst().seen(ids, mask);
      List<NDArray> states = new ArrayList<>();
      states.add(scope.keep(embeddings.forward(ids, added)));
      for (ClipLayer layer : layers) {
        states.add(scope.keep(layer.forward(states.getLast(), seen)));
      }
      NDArray last = scope.keep(finalNorm.forward(states.getLast()));
      int end =
          config.eosTokenId() == CLIPTextConfig.LEGACY_EOS
              ? FinalNorm.HIGHEST
              : config.eosTokenId();
      NDArray pooled = scope.keep(finalNorm.pooled(last, ids, end));
      NDArray projected = projection == null ? null : scope.keep(projection.forward(pooled));
      return new TextStates(last, states, pooled, projected);
    }
  }

  /** The final norm of any layer's states: what diffusers does to those of a skipped layer. */
  NDArray finalNorm(NDArray states) {
    return finalNorm.forward(states);
  }
}
