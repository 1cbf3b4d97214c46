package dev.darkroom.diffusion.autoencoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.Program;
import dev.darkroom.diffusion.kernels.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A map, tile by tile.
 *
 * @param size side of a tile that goes in
 * @param step from one to the next
 * @param blend of what comes out: how far a tile reaches into the next, over which it fades
 * @param limit what is kept of a tile that comes out; the next has the rest
 */
record Tiles(int size, int step, int blend, int limit) {
  private static final Program PROGRAM =
      Program.shared(
          """
      # b, whose first extent rows or columns fade in over the last ones of a.
      def blend(self, a: Tensor, b: Tensor, extent: int, dim: int) -> Tensor:
        k = min(extent, min(a.shape[dim], b.shape[dim]))
        share = torch.arange(k, dtype=6, device=b.device) / k
        if dim == 2:
          share = share[:, None]
        start = a.narrow(dim, a.shape[dim] - k, k) * (1 - share) + b.narrow(dim, 0, k) * share
        return torch.cat([start, b.narrow(dim, k, b.shape[dim] - k)], dim)
          """);

  /** Runs each row of a batch by itself, whole where it is no larger than a tile. */
  NDArray run(NDArray x, UnaryOperator<NDArray> part) {
    Shape shape = x.getShape();
    boolean fits = shape.get(2) <= size && shape.get(3) <= size;
    try (Scope scope = Scope.open()) {
      List<NDArray> rows = new ArrayList<>();
      for (long n = 0; n < shape.get(0); n++) {
        NDArray row = x.get(n + ":" + (n + 1));
        rows.add(fits ? part.apply(row) : tiled(row, part));
      }
      return scope.keep(joined(rows, 0));
    }
  }

  private NDArray tiled(NDArray x, UnaryOperator<NDArray> part) {
    try (Scope scope = Scope.open()) {
      long height = x.getShape().get(2);
      long width = x.getShape().get(3);
      List<NDArray> strips = new ArrayList<>();
      List<NDArray> above = List.of();
      for (int top = 0; top < height; top += step) {
        List<NDArray> row = new ArrayList<>();
        for (int left = 0; left < width; left += step) {
          NDArray tile = part.apply(tile(x, top, left));
          if (!above.isEmpty()) {
            tile = blended(above.get(row.size()), tile, 2);
          }
          if (!row.isEmpty()) {
            tile = blended(row.getLast(), tile, 3);
          }
          row.add(tile);
        }
        strips.add(joined(row.stream().map(this::kept).toList(), 3));
        // Only the row above is needed again.
        above.forEach(NDArray::close);
        above = row;
      }
      return scope.keep(joined(strips, 2));
    }
  }

  private NDArray tile(NDArray x, int top, int left) {
    String rows = top + ":" + Math.min(top + (long) size, x.getShape().get(2));
    String columns = left + ":" + Math.min(left + (long) size, x.getShape().get(3));
    return x.get(":, :, " + rows + ", " + columns);
  }

  private NDArray kept(NDArray tile) {
    String rows = ":" + Math.min(limit, tile.getShape().get(2));
    String columns = ":" + Math.min(limit, tile.getShape().get(3));
    return tile.get(":, :, " + rows + ", " + columns);
  }

  /** In the place of {@code b}, which it frees. */
  private NDArray blended(NDArray a, NDArray b, int axis) {
    if (blend == 0) {
      return b;
    }
    try (b) {
      return PROGRAM.call("blend").tensor(a).tensor(b).integer(blend).integer(axis).run();
    }
  }

  private static NDArray joined(List<NDArray> parts, int axis) {
    return parts.size() == 1
        ? parts.getFirst()
        : NDArrays.concat(new NDList(parts.toArray(NDArray[]::new)), axis);
  }
}
