package dev.darkroom.diffusion.checkpoint;

import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import java.util.List;

/** Tensors of one type, one after the other along the first dimension. */
public record StackedTensor(List<StoredTensor> parts) implements StoredTensor {
  public StackedTensor {
    parts = List.copyOf(parts);
    StoredTensor first = parts.getFirst();
    for (StoredTensor part : parts) {
      if (part.type() != first.type()
          || part.shape().dimension() == 0
          || !part.shape().slice(1).equals(first.shape().slice(1))) {
        throw DiffusionException.badCheckpoint(
            "tensors to stack: expected %s %s as the first, got %s %s"
                .formatted(first.type(), first.shape(), part.type(), part.shape()));
      }
    }
  }

  @Override
  public TensorType type() {
    return parts.getFirst().type();
  }

  @Override
  public Shape shape() {
    long rows = parts.stream().mapToLong(part -> part.shape().get(0)).sum();
    return new Shape(rows).addAll(parts.getFirst().shape().slice(1));
  }

  @Override
  public void read(Pieces pieces) {
    long before = 0;
    for (StoredTensor part : parts) {
      long start = before;
      part.read((elements, first, count) -> pieces.accept(elements, start + first, count));
      before += part.shape().size();
    }
  }
}
