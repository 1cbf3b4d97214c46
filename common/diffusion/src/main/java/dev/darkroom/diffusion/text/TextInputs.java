package dev.darkroom.diffusion.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import org.jspecify.annotations.Nullable;

/** Refuses ids that native code would read past its tables with. */
final class TextInputs {
  private TextInputs() {}

  /**
   * @param vocabulary ids must be below it
   */
  static void check(
      NDArray ids, @Nullable NDArray attentionMask, int maxPositions, int vocabulary) {
    Shape shape = ids.getShape();
    if (shape.dimension() != 2 || shape.size() == 0 || shape.get(1) > maxPositions) {
      throw DiffusionException.badInput(
          "input_ids: expected [N,T] with T at most %d, got %s".formatted(maxPositions, shape));
    }
    if (ids.getDataType() != DataType.INT64) {
      throw DiffusionException.badInput("input_ids: expected int64, got " + ids.getDataType());
    }
    long lowest = ids.min().getLong();
    long highest = ids.max().getLong();
    if (lowest < 0 || highest >= vocabulary) {
      throw DiffusionException.badInput(
          "input_ids: expected ids in [0, %d), got %d"
              .formatted(vocabulary, lowest < 0 ? lowest : highest));
    }
    if (attentionMask != null && !attentionMask.getShape().equals(shape)) {
      throw DiffusionException.badInput(
          "attention_mask: expected %s, got %s".formatted(shape, attentionMask.getShape()));
    }
  }
}
