package dev.darkroom.trainer.data;

import java.util.OptionalInt;

/**
 * One draw from a dataset.
 *
 * @param index which picture, in [0, size)
 * @param variant which rendering of it, in [0, variants)
 * @param caption the words for this draw; dropping it for guidance is the recipe's choice, not the
 *     dataset's
 * @param label the class, where the dataset has classes
 */
public record Sample(int index, int variant, String caption, OptionalInt label) {

  public Sample {
    if (index < 0 || variant < 0) {
      throw new IllegalArgumentException(
          "sample: expected index and variant of at least 0, got %d and %d"
              .formatted(index, variant));
    }
  }
}
