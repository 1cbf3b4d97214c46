package dev.darkroom.cli.console;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.TensorType;

/** What weights are stored as, by PyTorch's names. */
public final class StoredType {
  private StoredType() {}

  /** The type of a {@code --dtype}. */
  public static TensorType parse(String name) {
    return switch (name) {
      case "float32" -> TensorType.F32;
      case "float16" -> TensorType.F16;
      case "bfloat16" -> TensorType.BF16;
      default ->
          throw DiffusionException.badInput(
              "--dtype: expected float32, float16 or bfloat16, got " + name);
    };
  }
}
