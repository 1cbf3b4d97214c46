package dev.darkroom.diffusion.checkpoint;

import dev.darkroom.diffusion.DiffusionException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Elements of one floating type as those of another, rounded to nearest, ties to even. */
final class FloatingPoint {
  private FloatingPoint() {}

  /**
   * What a type becomes: others than floating ones stay.
   *
   * @throws DiffusionException if {@code floating} is no type that weights are stored as
   */
  static TensorType target(TensorType from, TensorType floating) {
    if (!from.isFloating() || from == floating) {
      return from;
    }
    if (floating != TensorType.F32 && floating != TensorType.F16 && floating != TensorType.BF16) {
      throw DiffusionException.badInput("stored type: expected F32, F16 or BF16, got " + floating);
    }
    return floating;
  }

  /**
   * @param elements without gaps; valid as long as the result is used
   * @throws DiffusionException if a floating value is not finite, or too large for {@code to}
   */
  static ByteBuffer convert(String key, TensorType from, TensorType to, MemorySegment elements) {
    if (!from.isFloating()) {
      return elements.asByteBuffer();
    }
    int count = Math.toIntExact(elements.byteSize() / from.bytes());
    if (from == to) {
      requireFinite(key, from, elements, count);
      return elements.asByteBuffer();
    }
    ByteBuffer out =
        ByteBuffer.allocate(Math.multiplyExact(count, to.bytes())).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      float value = finite(key, get(from, elements, i));
      switch (to) {
        case F32 -> out.putFloat(value);
        case F16 -> out.putShort(half(key, value));
        case BF16 -> out.putShort(brain(value));
        case F64, I64, I32, I8, U8, BOOL ->
            throw DiffusionException.internal("no weights are stored as " + to, null);
      }
    }
    return out.flip();
  }

  private static void requireFinite(
      String key, TensorType type, MemorySegment elements, int count) {
    for (int i = 0; i < count; i++) {
      finite(key, get(type, elements, i));
    }
  }

  private static float get(TensorType type, MemorySegment elements, int i) {
    return switch (type) {
      case F64 -> (float) elements.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8L * i);
      case F32 -> elements.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
      case F16 -> Float.float16ToFloat(elements.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i));
      case BF16 ->
          Float.intBitsToFloat(elements.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i) << 16);
      case I64, I32, I8, U8, BOOL ->
          throw DiffusionException.internal("not a floating type: " + type, null);
    };
  }

  private static float finite(String key, float value) {
    if (!Float.isFinite(value)) {
      throw DiffusionException.badInput(
          "tensor %s: expected finite values to write, got %s".formatted(key, value));
    }
    return value;
  }

  private static short half(String key, float value) {
    short half = Float.floatToFloat16(value);
    if (Float.isInfinite(Float.float16ToFloat(half))) {
      throw DiffusionException.badInput(
          "tensor %s: expected values within 65504 to write as F16, got %s; write F32 or BF16"
              .formatted(key, value));
    }
    return half;
  }

  /** The upper half of a float32, rounded to nearest, ties to even. */
  private static short brain(float value) {
    int bits = Float.floatToRawIntBits(value);
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }
}
