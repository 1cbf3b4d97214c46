package dev.darkroom.diffusion.checkpoint;

import ai.djl.ndarray.types.Shape;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** A few numbers that lie in no file yet, to be written beside tensors that do; float32. */
public record StoredNumbers(Shape shape, List<Float> values) implements StoredTensor {
  public StoredNumbers {
    values = List.copyOf(values);
    if (values.size() != shape.size()) {
      throw new IllegalArgumentException(shape + " of " + values.size() + " numbers");
    }
  }

  @Override
  public TensorType type() {
    return TensorType.F32;
  }

  @Override
  public void read(Pieces pieces) {
    ByteBuffer elements =
        ByteBuffer.allocate(values.size() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    values.forEach(elements::putFloat);
    pieces.accept(MemorySegment.ofBuffer(elements.flip()), 0, values.size());
  }
}
