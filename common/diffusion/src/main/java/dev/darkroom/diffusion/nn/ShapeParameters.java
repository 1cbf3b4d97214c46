package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.Program;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Parameters without memory: each is one number, seen many times. A model built of them says what
 * it would ask a checkpoint for.
 */
public final class ShapeParameters implements ParameterSource {
  private static final Program EXPAND =
      Program.shared(
          "def expand(self, shape: List[int]) -> Tensor:\n  return torch.zeros([1]).expand(shape)\n");

  private final NDManager manager;
  private final Predicate<String> holds;
  private final Map<String, Shape> shapes = new LinkedHashMap<>();

  /**
   * @param holds what {@link #holds} answers: of a checkpoint, where optional layers depend on it
   */
  public ShapeParameters(NDManager manager, Predicate<String> holds) {
    this.manager = manager;
    this.holds = holds;
  }

  /** A parameter of the right shape that is one number. */
  public static NDArray placeholder(Shape shape, NDManager manager) {
    if (shape.dimension() == 0) {
      return manager.zeros(shape);
    }
    return EXPAND.call("expand").integers(shape.getShape()).run(manager);
  }

  @Override
  public NDManager manager() {
    return manager;
  }

  @Override
  public NDArray take(String key, Shape shape, Initialisation initialisation) {
    shapes.put(key, shape);
    return placeholder(shape, manager);
  }

  @Override
  public boolean holds(String key) {
    return holds.test(key);
  }

  /** What was asked for so far, in order. */
  public Map<String, Shape> shapes() {
    return Collections.unmodifiableMap(shapes);
  }
}
