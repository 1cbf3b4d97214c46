package dev.darkroom.diffusion.text;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.ConfigJson;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.nn.Activation;

/**
 * What transformers' T5Config says about the forward of an encoder.
 *
 * @param dKv channels of one head; heads times this need not be {@code dModel}
 * @param gated whether the feed-forward is a product of two, as in T5 v1.1
 */
public record T5Config(
    int vocabSize,
    int dModel,
    int dKv,
    int dFf,
    int numLayers,
    int numHeads,
    int relativeAttentionNumBuckets,
    int relativeAttentionMaxDistance,
    double layerNormEpsilon,
    boolean gated,
    Activation denseAct) {
  private static final String GATED = "gated-";

  public T5Config {
    positive("vocab_size", vocabSize);
    positive("d_model", dModel);
    positive("d_kv", dKv);
    positive("d_ff", dFf);
    positive("num_layers", numLayers);
    positive("num_heads", numHeads);
    if (relativeAttentionNumBuckets < 4 || relativeAttentionNumBuckets % 4 != 0) {
      throw DiffusionException.badCheckpoint(
          "T5EncoderModel config: relative_attention_num_buckets: expected a multiple of 4, got "
              + relativeAttentionNumBuckets);
    }
    if (relativeAttentionMaxDistance <= relativeAttentionNumBuckets / 4) {
      throw DiffusionException.badCheckpoint(
          "T5EncoderModel config: relative_attention_max_distance: expected more than %d, got %d"
              .formatted(relativeAttentionNumBuckets / 4, relativeAttentionMaxDistance));
    }
  }

  /**
   * Reads transformers' {@code config.json}; fields left out take the class's defaults. What the
   * feed-forward is follows from {@code feed_forward_proj}, but for what {@code dense_act_fn} and
   * {@code is_gated_act} say: some configs, FLUX.1's among them, hold these alone.
   *
   * @throws DiffusionException if a field that changes the forward has a value this library does
   *     not support
   */
  public static T5Config of(ModelConfig config) {
    config.only("model_type", "t5");
    config.only("is_decoder", false);
    String projection = config.text("feed_forward_proj");
    boolean gated = projection != null && projection.startsWith(GATED);
    Activation named =
        projection == null
            ? Activation.RELU
            : Activations.named(gated ? projection.substring(GATED.length()) : projection);
    if (named == null) {
      config.only("feed_forward_proj", "relu", "gated-gelu", "gated-silu");
      throw new IllegalStateException("unreachable: the name was refused");
    }
    // The gelu of T5 v1.1 is the one with tanh.
    Activation derived = gated && named == Activation.GELU ? Activation.GELU_NEW : named;
    return new T5Config(
        config.integer("vocab_size", 32128),
        config.integer("d_model", 512),
        config.integer("d_kv", 64),
        config.integer("d_ff", 2048),
        config.integer("num_layers", 6),
        config.integer("num_heads", 8),
        config.integer("relative_attention_num_buckets", 32),
        config.integer("relative_attention_max_distance", 128),
        config.real("layer_norm_epsilon", 1e-6),
        config.flag("is_gated_act", gated),
        Activations.read(config, "dense_act_fn", derived));
  }

  /** The same as transformers would write it. */
  public ObjectNode toJson() {
    ObjectNode json = ConfigJson.ofTransformersClass("T5EncoderModel", "t5");
    json.put("vocab_size", vocabSize);
    json.put("d_model", dModel);
    json.put("d_kv", dKv);
    json.put("d_ff", dFf);
    json.put("num_layers", numLayers);
    json.put("num_heads", numHeads);
    json.put("relative_attention_num_buckets", relativeAttentionNumBuckets);
    json.put("relative_attention_max_distance", relativeAttentionMaxDistance);
    json.put("layer_norm_epsilon", layerNormEpsilon);
    // Both ways of saying it, as transformers itself does.
    json.put("is_gated_act", gated);
    json.put("dense_act_fn", denseAct.configName());
    String name =
        gated && denseAct == Activation.GELU_NEW
            ? Activation.GELU.configName()
            : denseAct.configName();
    json.put("feed_forward_proj", gated ? GATED + name : name);
    return json;
  }

  private static void positive(String field, int value) {
    if (value <= 0 || value > 1 << 22) {
      throw DiffusionException.badCheckpoint(
          "T5EncoderModel config: %s: expected a positive number, got %d".formatted(field, value));
    }
  }
}
