package dev.darkroom.diffusion.text;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a text encoder has learned to mean by a new token. Gal et al. 2022.
 *
 * @param token how prompts name it
 * @param first vectors for the model's first, or only, text encoder
 * @param second vectors for the second encoder of Stable Diffusion XL; empty for others
 */
public record TextualInversion(String token, List<float[]> first, List<float[]> second) {
  private static final int MAX_VECTORS = 75;

  public TextualInversion {
    if (token.isBlank()) {
      throw DiffusionException.badInput("embedding: expected a token that names it, got none");
    }
    if (first.isEmpty() || first.size() > MAX_VECTORS || second.size() > MAX_VECTORS) {
      throw DiffusionException.badCheckpoint(
          "embedding %s: expected 1 to %d vectors, got %d"
              .formatted(token, MAX_VECTORS, first.size()));
    }
    first = List.copyOf(first);
    second = List.copyOf(second);
  }

  /**
   * Reads a file of any of the usual layouts: one tensor under its token (diffusers), {@code
   * emb_params} (A1111's safetensors), {@code string_to_param} and {@code name} (A1111's {@code
   * .pt}), {@code clip_l} and {@code clip_g} (Stable Diffusion XL).
   *
   * @param token instead of what the file says, or null
   */
  public static TextualInversion load(Path file, @Nullable String token) {
    try (Checkpoint weights = Checkpoint.of(file, List.of(file));
        NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      String stem = file.getFileName().toString().replaceFirst("\\.[^.]*$", "");
      if (weights.holds("clip_l")) {
        return new TextualInversion(
            token == null ? stem : token,
            vectors(weights, "clip_l", manager),
            weights.holds("clip_g") ? vectors(weights, "clip_g", manager) : List.of());
      }
      String name;
      String key;
      if (weights.holds("string_to_param.*")) {
        key = "string_to_param.*";
        name = weights.metadata().getOrDefault("name", stem);
      } else if (weights.holds("emb_params")) {
        key = "emb_params";
        name = stem;
      } else if (weights.keys().size() == 1) {
        key = weights.keys().iterator().next();
        name = key;
      } else {
        throw DiffusionException.badCheckpoint(
            "%s: expected an embedding of textual inversion (one tensor under its token, emb_params, string_to_param, or clip_l and clip_g), got %d other tensors"
                .formatted(file, weights.keys().size()));
      }
      return new TextualInversion(
          token == null ? name : token, vectors(weights, key, manager), List.of());
    }
  }

  private static List<float[]> vectors(Checkpoint weights, String key, NDManager manager) {
    NDArray tensor = weights.read(key, manager);
    int rank = tensor.getShape().dimension();
    if (rank < 1 || rank > 2 || tensor.isEmpty() || !tensor.getDataType().isFloating()) {
      throw DiffusionException.badCheckpoint(
          "%s: tensor %s: expected floating [C] or [n,C], got %s %s"
              .formatted(weights.place(), key, tensor.getDataType(), tensor.getShape()));
    }
    int channels = (int) tensor.getShape().get(rank - 1);
    float[] all = tensor.toFloatArray();
    List<float[]> vectors = new ArrayList<>();
    for (int from = 0; from < all.length; from += channels) {
      vectors.add(Arrays.copyOfRange(all, from, from + channels));
    }
    return vectors;
  }
}
