package dev.darkroom.diffusion.checkpoint;

import dev.darkroom.diffusion.DiffusionException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the weights of a component are called in its folder. safetensors go before pickles, the
 * plain name before a variant's ({@code diffusion_pytorch_model.fp16.safetensors}).
 */
final class WeightsName {
  /** diffusers' name, then transformers'. */
  private static final List<String> SAFETENSORS = List.of("diffusion_pytorch_model", "model");

  private static final List<String> PICKLES = List.of("diffusion_pytorch_model", "pytorch_model");

  /** Variants that are taken where a folder has no plain weights. */
  private static final List<String> VARIANTS = List.of("fp16", "bf16", "non_ema");

  private WeightsName() {}

  static Path find(Path folder) {
    List<String> names = new ArrayList<>(names(""));
    VARIANTS.forEach(variant -> names.addAll(names(variant)));
    for (String name : names) {
      if (Files.isRegularFile(folder.resolve(name))) {
        return folder.resolve(name);
      }
    }
    throw DiffusionException.badCheckpoint(
        "%s: expected weights in %s or %s, got neither"
            .formatted(folder, names.get(0), names.get(2)));
  }

  static Path find(Path folder, String variant) {
    for (String name : names(variant)) {
      if (Files.isRegularFile(folder.resolve(name))) {
        return folder.resolve(name);
      }
    }
    throw DiffusionException.badCheckpoint(
        "%s: expected weights of variant %s in %s, got none"
            .formatted(folder, variant, names(variant).get(0)));
  }

  /** In the order of preference; of a sharded variant there are two spellings. */
  private static List<String> names(String variant) {
    List<String> names = new ArrayList<>();
    SAFETENSORS.forEach(stem -> names.addAll(names(stem, variant, ".safetensors")));
    PICKLES.forEach(stem -> names.addAll(names(stem, variant, ".bin")));
    return names;
  }

  private static List<String> names(String stem, String variant, String suffix) {
    if (variant.isEmpty()) {
      return List.of(stem + suffix, stem + suffix + ".index.json");
    }
    return List.of(
        stem + "." + variant + suffix,
        stem + suffix + ".index." + variant + ".json",
        stem + "." + variant + suffix + ".index.json");
  }
}
