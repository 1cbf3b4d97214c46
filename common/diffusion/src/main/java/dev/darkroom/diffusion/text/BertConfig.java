package dev.darkroom.diffusion.text;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.ConfigJson;
import dev.darkroom.diffusion.checkpoint.ModelConfig;

/**
 * What transformers' BertConfig says about the forward.
 *
 * @param useAttentionMask whether diffusers' pipelines pass the mask of padding to this encoder;
 *     transformers keeps the field without knowing it
 */
public record BertConfig(
    int vocabSize,
    int hiddenSize,
    int numHiddenLayers,
    int numAttentionHeads,
    int intermediateSize,
    int maxPositionEmbeddings,
    int typeVocabSize,
    double layerNormEps,
    boolean useAttentionMask) {

  public BertConfig {
    positive("vocab_size", vocabSize);
    positive("hidden_size", hiddenSize);
    positive("num_hidden_layers", numHiddenLayers);
    positive("num_attention_heads", numAttentionHeads);
    positive("intermediate_size", intermediateSize);
    positive("max_position_embeddings", maxPositionEmbeddings);
    positive("type_vocab_size", typeVocabSize);
    if (hiddenSize % numAttentionHeads != 0) {
      throw DiffusionException.badCheckpoint(
          "BertModel config: num_attention_heads: expected a divisor of hidden_size %d, got %d"
              .formatted(hiddenSize, numAttentionHeads));
    }
  }

  /**
   * Reads transformers' {@code config.json}; fields left out take the class's defaults. Fields
   * about training, generation and heads are passed over: they do not change what the encoder
   * computes.
   *
   * @throws DiffusionException if a field that changes the forward has a value this library does
   *     not support
   */
  public static BertConfig of(ModelConfig config) {
    config.only("model_type", "bert");
    config.only("hidden_act", "gelu");
    config.only("position_embedding_type", "absolute");
    config.only("is_decoder", false);
    config.only("add_cross_attention", false);
    return new BertConfig(
        config.integer("vocab_size", 30522),
        config.integer("hidden_size", 768),
        config.integer("num_hidden_layers", 12),
        config.integer("num_attention_heads", 12),
        config.integer("intermediate_size", 3072),
        config.integer("max_position_embeddings", 512),
        config.integer("type_vocab_size", 2),
        config.real("layer_norm_eps", 1e-12),
        config.flag("use_attention_mask", false));
  }

  /** The same as transformers would write it. */
  public ObjectNode toJson() {
    ObjectNode json = ConfigJson.ofTransformersClass("BertModel", "bert");
    json.put("vocab_size", vocabSize);
    json.put("hidden_size", hiddenSize);
    json.put("num_hidden_layers", numHiddenLayers);
    json.put("num_attention_heads", numAttentionHeads);
    json.put("intermediate_size", intermediateSize);
    json.put("hidden_act", "gelu");
    json.put("max_position_embeddings", maxPositionEmbeddings);
    json.put("type_vocab_size", typeVocabSize);
    json.put("layer_norm_eps", layerNormEps);
    json.put("pad_token_id", 0);
    if (useAttentionMask) {
      json.put("use_attention_mask", true);
    }
    return json;
  }

  private static void positive(String field, int value) {
    if (value <= 0 || value > 1 << 22) {
      throw DiffusionException.badCheckpoint(
          "BertModel config: %s: expected a positive number, got %d".formatted(field, value));
    }
  }
}
