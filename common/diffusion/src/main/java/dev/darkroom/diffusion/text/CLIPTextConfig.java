package dev.darkroom.diffusion.text;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.ConfigJson;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.nn.Activation;

/**
 * What transformers' CLIPTextConfig says about the forward.
 *
 * @param projectionDim used with a projection only; without one it may be 0
 * @param eosTokenId where the text is pooled: at the first of these. 2 means at the highest id, as
 *     in all configs written before transformers 4.31, whose real end token was 49407
 * @param useAttentionMask whether diffusers' pipelines pass the mask of padding to this encoder
 */
public record CLIPTextConfig(
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int projectionDim,
    int numHiddenLayers,
    int numAttentionHeads,
    int maxPositionEmbeddings,
    Activation hiddenAct,
    double layerNormEps,
    int eosTokenId,
    boolean useAttentionMask) {
  /** The end token of a config that does not know it. */
  public static final int LEGACY_EOS = 2;

  public CLIPTextConfig {
    positive("vocab_size", vocabSize);
    positive("hidden_size", hiddenSize);
    positive("intermediate_size", intermediateSize);
    if (projectionDim != 0) {
      positive("projection_dim", projectionDim);
    }
    positive("num_hidden_layers", numHiddenLayers);
    positive("num_attention_heads", numAttentionHeads);
    positive("max_position_embeddings", maxPositionEmbeddings);
    if (hiddenSize % numAttentionHeads != 0) {
      throw DiffusionException.badCheckpoint(
          "CLIPTextModel config: num_attention_heads: expected a divisor of hidden_size %d, got %d"
              .formatted(hiddenSize, numAttentionHeads));
    }
  }

  /**
   * Reads transformers' {@code config.json}; fields left out take the class's defaults. Fields
   * about training and generation are passed over: they do not change what the encoder computes.
   *
   * @throws DiffusionException if a field that changes the forward has a value this library does
   *     not support
   */
  public static CLIPTextConfig of(ModelConfig config) {
    config.only("model_type", "clip_text_model");
    return new CLIPTextConfig(
        config.integer("vocab_size", 49408),
        config.integer("hidden_size", 512),
        config.integer("intermediate_size", 2048),
        config.integer("projection_dim", 512),
        config.integer("num_hidden_layers", 12),
        config.integer("num_attention_heads", 8),
        config.integer("max_position_embeddings", 77),
        Activations.read(config, "hidden_act", Activation.QUICK_GELU),
        config.real("layer_norm_eps", 1e-5),
        config.integer("eos_token_id", 49407),
        config.flag("use_attention_mask", false));
  }

  /** The same as transformers would write it for one of its two classes. */
  public ObjectNode toJson(String className) {
    ObjectNode json = ConfigJson.ofTransformersClass(className, "clip_text_model");
    json.put("vocab_size", vocabSize);
    json.put("hidden_size", hiddenSize);
    json.put("intermediate_size", intermediateSize);
    json.put("projection_dim", projectionDim);
    json.put("num_hidden_layers", numHiddenLayers);
    json.put("num_attention_heads", numAttentionHeads);
    json.put("max_position_embeddings", maxPositionEmbeddings);
    json.put("hidden_act", hiddenAct.configName());
    json.put("layer_norm_eps", layerNormEps);
    json.put("eos_token_id", eosTokenId);
    if (useAttentionMask) {
      json.put("use_attention_mask", true);
    }
    return json;
  }

  /**
   * @throws DiffusionException if it has no projection
   */
  CLIPTextConfig requireProjection() {
    positive("projection_dim", projectionDim);
    return this;
  }

  private static void positive(String field, int value) {
    if (value <= 0 || value > 1 << 22) {
      throw DiffusionException.badCheckpoint(
          "CLIPTextModel config: %s: expected a positive number, got %d".formatted(field, value));
    }
  }
}
