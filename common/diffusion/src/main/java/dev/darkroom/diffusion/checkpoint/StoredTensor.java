package dev.darkroom.diffusion.checkpoint;

import ai.djl.ndarray.types.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicBoolean;

/** A tensor to read or to write. Nothing of one in a file is read before it is asked for. */
public sealed interface StoredTensor permits TensorView, StackedTensor, StoredNumbers {
  TensorType type();

  Shape shape();

  /** Of the elements, without gaps. */
  default long bytes() {
    return Math.multiplyExact(shape().size(), (long) type().bytes());
  }

  /**
   * Reads the elements in row-major order, little-endian and without gaps, a piece at a time, so
   * that the whole is never in memory.
   */
  void read(Pieces pieces);

  /** Takes the pieces of a tensor in turn. */
  @FunctionalInterface
  interface Pieces {
    /**
     * @param elements valid during the call only
     * @param first index of the first of them
     * @param count of them
     */
    void accept(MemorySegment elements, long first, int count);
  }

  /** Whether it holds neither NaN nor infinity; true for types that have none. */
  default boolean isFinite() {
    if (!type().isFloating()) {
      return true;
    }
    AtomicBoolean finite = new AtomicBoolean(true);
    read(
        (elements, first, count) -> {
          if (finite.get() && !isFinite(type(), elements, count)) {
            finite.set(false);
          }
        });
    return finite.get();
  }

  /** NaN and infinity are the values whose exponent is all ones. */
  private static boolean isFinite(TensorType type, MemorySegment elements, int count) {
    boolean finite = true;
    switch (type) {
      case F64 -> {
        for (int i = 0; i < count; i++) {
          long bits = elements.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i);
          finite &= (bits & 0x7ff0000000000000L) != 0x7ff0000000000000L;
        }
      }
      case F32 -> {
        for (int i = 0; i < count; i++) {
          int bits = elements.get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i);
          finite &= (bits & 0x7f800000) != 0x7f800000;
        }
      }
      case F16, BF16 -> {
        int exponent = type == TensorType.F16 ? 0x7c00 : 0x7f80;
        for (int i = 0; i < count; i++) {
          int bits = elements.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i);
          finite &= (bits & exponent) != exponent;
        }
      }
      case I64, I32, I8, U8, BOOL -> {}
    }
    return finite;
  }
}
