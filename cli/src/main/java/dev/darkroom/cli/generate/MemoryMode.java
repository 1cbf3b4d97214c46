package dev.darkroom.cli.generate;

import dev.darkroom.diffusion.DiffusionException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

/** Ways to make a picture in less memory. */
enum MemoryMode {
  /** Large pictures are encoded and decoded a tile at a time. */
  VAE_TILING("vae-tiling"),
  /** Pictures of a batch are decoded one at a time: so they always are. */
  VAE_SLICING("vae-slicing"),
  /** Attention is computed in slices: so it always is, and never holds all its scores. */
  ATTENTION_SLICING("attention-slicing"),
  /** Text encoders, network and autoencoder are in memory one at a time. */
  MODEL_OFFLOAD("model-offload");

  static final String NAMES = "vae-tiling, vae-slicing, attention-slicing, model-offload";

  private final String optionName;

  MemoryMode(String optionName) {
    this.optionName = optionName;
  }

  /**
   * @param text names with commas between
   */
  static Set<MemoryMode> parse(String text) {
    return Arrays.stream(text.split(",", -1))
        .map(MemoryMode::ofName)
        .collect(Collectors.toCollection(() -> EnumSet.noneOf(MemoryMode.class)));
  }

  private static MemoryMode ofName(String name) {
    for (MemoryMode mode : values()) {
      if (mode.optionName.equals(name.strip())) {
        return mode;
      }
    }
    throw DiffusionException.badInput(
        "--memory: expected some of %s with commas between, got %s".formatted(NAMES, name));
  }
}
