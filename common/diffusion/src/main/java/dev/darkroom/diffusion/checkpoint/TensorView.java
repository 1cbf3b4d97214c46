package dev.darkroom.diffusion.checkpoint;

import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A tensor as PyTorch sees one: elements of a file from an offset on, with a stride for each
 * dimension. Transposing, slicing and reshaping give another view of the same bytes.
 */
public final class TensorView implements StoredTensor {
  /** Elements in a piece: the whole of most tensors, and 128 MB at most. */
  private static final int PIECE = 16 << 20;

  /** Elements gathered at once where they do not lie together. */
  private static final int GATHERED = 1 << 20;

  private final WeightsFile file;
  private final TensorType type;
  private final Shape shape;
  private final long[] strides;
  private final long offset;

  private TensorView(WeightsFile file, TensorType type, Shape shape, long[] strides, long offset) {
    this.file = file;
    this.type = type;
    this.shape = shape;
    this.strides = strides;
    this.offset = offset;
  }

  /**
   * Elements that lie together in row-major order.
   *
   * @param offset of the first, in bytes; the caller has checked that all lie within the file
   */
  public static TensorView contiguous(WeightsFile file, TensorType type, Shape shape, long offset) {
    return new TensorView(file, type, shape, rowMajor(shape), offset);
  }

  /**
   * Elements at a stride.
   *
   * @param strides in elements, one a dimension, none negative
   * @param offset of the first, in bytes; the caller has checked that all lie within the file
   */
  public static TensorView strided(
      WeightsFile file, TensorType type, Shape shape, long[] strides, long offset) {
    return new TensorView(file, type, shape, strides.clone(), offset);
  }

  private static long[] rowMajor(Shape shape) {
    long[] strides = new long[shape.dimension()];
    long stride = 1;
    for (int i = strides.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= Math.max(1, shape.get(i));
    }
    return strides;
  }

  @Override
  public TensorType type() {
    return type;
  }

  @Override
  public Shape shape() {
    return shape;
  }

  public WeightsFile file() {
    return file;
  }

  /** Of the first element, in bytes from the start of the file. */
  public long offset() {
    return offset;
  }

  /** Whether the elements lie together in row-major order. */
  public boolean isContiguous() {
    long expected = 1;
    for (int i = strides.length - 1; i >= 0; i--) {
      if (shape.get(i) != 1 && strides[i] != expected) {
        return false;
      }
      expected *= shape.get(i);
    }
    return true;
  }

  /** A matrix with rows and columns exchanged. */
  public TensorView transposed() {
    require(shape.dimension() == 2, "a matrix to transpose");
    return new TensorView(
        file,
        type,
        new Shape(shape.get(1), shape.get(0)),
        new long[] {strides[1], strides[0]},
        offset);
  }

  /** Rows {@code from} to {@code to}, the last not included. */
  public TensorView rows(long from, long to) {
    require(
        shape.dimension() > 0 && 0 <= from && from <= to && to <= shape.get(0),
        "at least %d rows".formatted(to));
    Shape rows = new Shape(to - from).addAll(shape.slice(1));
    return new TensorView(file, type, rows, strides, offset + from * strides[0] * type.bytes());
  }

  /** The same elements in another shape; they must lie together. */
  public TensorView reshaped(Shape other) {
    require(isContiguous() && other.size() == shape.size(), "elements together for " + other);
    return contiguous(file, type, other, offset);
  }

  @Override
  public void read(Pieces pieces) {
    if (shape.size() == 0) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mapped = file.map(offset, span() * type.bytes(), arena);
      if (isContiguous()) {
        readTogether(mapped, pieces);
      } else {
        gather(mapped, arena, pieces);
      }
    }
  }

  private void readTogether(MemorySegment mapped, Pieces pieces) {
    long elements = shape.size();
    for (long first = 0; first < elements; first += PIECE) {
      int count = (int) Math.min(PIECE, elements - first);
      pieces.accept(
          mapped.asSlice(first * type.bytes(), (long) count * type.bytes()), first, count);
    }
  }

  private void gather(MemorySegment mapped, Arena arena, Pieces pieces) {
    int bytes = type.bytes();
    long elements = shape.size();
    int room = (int) Math.min(GATHERED, elements);
    MemorySegment buffer = arena.allocate((long) room * bytes, 8);
    long[] index = new long[strides.length];
    long at = 0;
    int filled = 0;
    for (long done = 0; done < elements; done++) {
      MemorySegment.copy(mapped, at * bytes, buffer, (long) filled * bytes, bytes);
      filled++;
      if (filled == room || done == elements - 1) {
        pieces.accept(buffer.asSlice(0, (long) filled * bytes), done + 1 - filled, filled);
        filled = 0;
      }
      // The next index in row-major order, as a mileage counter turns.
      for (int i = index.length - 1; i >= 0; i--) {
        at += strides[i];
        if (++index[i] < shape.get(i)) {
          break;
        }
        at -= index[i] * strides[i];
        index[i] = 0;
      }
    }
  }

  /** Elements from the first to the last in the file, both included. */
  private long span() {
    long last = 0;
    for (int i = 0; i < strides.length; i++) {
      last += (shape.get(i) - 1) * strides[i];
    }
    return last + 1;
  }

  private void require(boolean holds, String expected) {
    if (!holds) {
      throw DiffusionException.badCheckpoint(
          "%s: expected %s, got a tensor of shape %s".formatted(file.path(), expected, shape));
    }
  }
}
