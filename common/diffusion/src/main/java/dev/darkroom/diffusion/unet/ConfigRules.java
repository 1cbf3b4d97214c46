package dev.darkroom.diffusion.unet;

import dev.darkroom.diffusion.DiffusionException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the fields of a {@link UNetConfig} must hold. */
final class ConfigRules {
  private ConfigRules() {}

  /**
   * @throws DiffusionException if it does not hold
   */
  static void require(boolean holds, String message) {
    if (!holds) {
      throw DiffusionException.badCheckpoint("UNet2DConditionModel config: " + message);
    }
  }

  static void positive(String field, int value) {
    require(value > 0 && value <= 1 << 20, field + ": expected a positive number, got " + value);
  }

  static void optional(String field, @Nullable Integer value) {
    if (value != null) {
      positive(field, value);
    }
  }

  static List<Integer> positive(String field, List<Integer> values, int levels) {
    values.forEach(value -> positive(field, value));
    return sized(field, values, levels);
  }

  static <T> List<T> sized(String field, List<T> values, int levels) {
    require(
        values.size() == levels,
        "%s: expected %d, as block_out_channels has, got %d"
            .formatted(field, levels, values.size()));
    return List.copyOf(values);
  }
}
