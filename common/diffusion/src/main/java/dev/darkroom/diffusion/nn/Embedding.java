package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.Program;

/** A table of vectors. */
public final class Embedding {
  private final Program program;
  private final NDArray table;
  private final String name;

  /**
   * @param name of what it takes, for errors
   */
  public Embedding(Weights weights, long count, long dimension, String name) {
    this.name = name;
    this.program = weights.program();
    this.table =
        weights.parameter("weight", new Shape(count, dimension), new Initialisation.Normal(1));
  }

  /**
   * @param ids [...] of any number type, each in [0, count)
   * @return [..., dimension]
   * @throws DiffusionException if an id has no vector
   */
  public NDArray forward(NDArray ids) {
    long count = table.getShape().get(0);
    for (Number id : ids.toArray()) {
      if (!(id.doubleValue() >= 0 && id.doubleValue() < count)) {
        throw DiffusionException.badInput(
            "%s: expected numbers from 0 to %d, got %s".formatted(name, count - 1, id));
      }
    }
    return program.call("embedding").tensor(ids).tensor(table).run();
  }
}
