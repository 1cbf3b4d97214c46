package dev.darkroom.diffusion.text;

import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.KeyMap;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The tensors of a CLIP text encoder, by transformers' names, and what others call them. Radford et
 * al. 2021.
 *
 * @param projectionDim channels of the projection of CLIPTextModelWithProjection, 0 for a
 *     CLIPTextModel
 */
public record ClipTextLayout(
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int maxPositionEmbeddings,
    int projectionDim) {

  public ClipTextLayout {
    positive("vocab_size", vocabSize);
    positive("hidden_size", hiddenSize);
    positive("intermediate_size", intermediateSize);
    positive("num_hidden_layers", layers);
    positive("max_position_embeddings", maxPositionEmbeddings);
  }

  /** Reads transformers' config; fields left out take the class's defaults. */
  public static ClipTextLayout of(ModelConfig config) {
    boolean projects = "CLIPTextModelWithProjection".equals(config.className());
    return new ClipTextLayout(
        config.integer("vocab_size", 49408),
        config.integer("hidden_size", 512),
        config.integer("intermediate_size", 2048),
        config.integer("num_hidden_layers", 12),
        config.integer("max_position_embeddings", 77),
        projects ? config.integer("projection_dim", 512) : 0);
  }

  /** Every tensor's shape by its key, with the prefix that published checkpoints have. */
  public Map<String, Shape> shapes() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    Shape vector = new Shape(hiddenSize);
    shapes.put("text_model.embeddings.token_embedding.weight", new Shape(vocabSize, hiddenSize));
    shapes.put(
        "text_model.embeddings.position_embedding.weight",
        new Shape(maxPositionEmbeddings, hiddenSize));
    for (int i = 0; i < layers; i++) {
      String layer = "text_model.encoder.layers." + i;
      for (String projection : new String[] {"k_proj", "v_proj", "q_proj", "out_proj"}) {
        linear(shapes, layer + ".self_attn." + projection, hiddenSize, hiddenSize);
      }
      norm(shapes, layer + ".layer_norm1", vector);
      linear(shapes, layer + ".mlp.fc1", intermediateSize, hiddenSize);
      linear(shapes, layer + ".mlp.fc2", hiddenSize, intermediateSize);
      norm(shapes, layer + ".layer_norm2", vector);
    }
    norm(shapes, "text_model.final_layer_norm", vector);
    if (projectionDim > 0) {
      shapes.put("text_projection.weight", new Shape(projectionDim, hiddenSize));
    }
    return shapes;
  }

  /** CLIP in a single file of SD1 or SDXL, below {@code transformer.}: the names are the same. */
  public KeyMap clip() {
    return new KeyMap().keep("text_model", "text_projection");
  }

  /**
   * OpenCLIP, in a single file of SD2 or SDXL below {@code model.}: query, key and value in one
   * tensor, the projection transposed. Layers that diffusers leaves out are not known.
   */
  public KeyMap openClip() {
    KeyMap keys =
        new KeyMap()
            .rename("token_embedding", "text_model.embeddings.token_embedding")
            .rename("positional_embedding", "text_model.embeddings.position_embedding.weight")
            .rename("ln_final", "text_model.final_layer_norm");
    if (projectionDim > 0) {
      keys.transpose("text_projection", "text_projection.weight");
    }
    for (int i = 0; i < layers; i++) {
      String original = "transformer.resblocks." + i;
      String layer = "text_model.encoder.layers." + i;
      for (String kind : new String[] {"weight", "bias"}) {
        keys.stack(
            original + ".attn.in_proj_" + kind,
            layer + ".self_attn.q_proj." + kind,
            layer + ".self_attn.k_proj." + kind,
            layer + ".self_attn.v_proj." + kind);
      }
      keys.rename(original + ".attn.out_proj", layer + ".self_attn.out_proj")
          .rename(original + ".ln_1", layer + ".layer_norm1")
          .rename(original + ".ln_2", layer + ".layer_norm2")
          .rename(original + ".mlp.c_fc", layer + ".mlp.fc1")
          .rename(original + ".mlp.c_proj", layer + ".mlp.fc2");
    }
    return keys;
  }

  private static void linear(Map<String, Shape> shapes, String name, int out, int in) {
    shapes.put(name + ".weight", new Shape(out, in));
    shapes.put(name + ".bias", new Shape(out));
  }

  private static void norm(Map<String, Shape> shapes, String name, Shape vector) {
    shapes.put(name + ".weight", vector);
    shapes.put(name + ".bias", vector);
  }

  private static void positive(String field, int value) {
    if (value <= 0 || value > 1 << 22) {
      throw DiffusionException.badCheckpoint(
          "CLIPTextModel config: %s: expected a positive number, got %d".formatted(field, value));
    }
  }
}
