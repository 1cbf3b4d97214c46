package dev.darkroom.diffusion.checkpoint;

import ai.djl.ndarray.types.DataType;
import dev.darkroom.diffusion.DiffusionException;
import java.util.List;

/**
 * The element types of checkpoints that may reach the engine. This is a fence: a type the engine
 * does not know ends the process, so nothing is handed to it that is not named here.
 */
public enum TensorType {
  F64(8, 7),
  F32(4, 6),
  F16(2, 5),
  BF16(2, 15),
  I64(8, 4),
  I32(4, 3),
  I8(1, 1),
  U8(1, 0),
  BOOL(1, 11);

  private final int bytes;
  private final int torchCode;

  TensorType(int bytes, int torchCode) {
    this.bytes = bytes;
    this.torchCode = torchCode;
  }

  public int bytes() {
    return bytes;
  }

  public boolean isFloating() {
    return switch (this) {
      case F64, F32, F16, BF16 -> true;
      case I64, I32, I8, U8, BOOL -> false;
    };
  }

  /** PyTorch's name: {@code float16}. */
  public String torchName() {
    return switch (this) {
      case F64 -> "float64";
      case F32 -> "float32";
      case F16 -> "float16";
      case BF16 -> "bfloat16";
      case I64 -> "int64";
      case I32 -> "int32";
      case I8 -> "int8";
      case U8 -> "uint8";
      case BOOL -> "bool";
    };
  }

  /** PyTorch's number of the type, which kernels take. */
  int torchCode() {
    return torchCode;
  }

  /** What a tensor of this type becomes when it is loaded. */
  DataType loadedAs() {
    return isFloating() ? DataType.FLOAT32 : DataType.INT64;
  }

  static TensorType named(String name, String where) {
    for (TensorType type : values()) {
      if (type.name().equals(name)) {
        return type;
      }
    }
    throw DiffusionException.badCheckpoint(
        "%s: expected an element type among %s, got %s; convert the file first"
            .formatted(where, List.of(values()), name));
  }
}
