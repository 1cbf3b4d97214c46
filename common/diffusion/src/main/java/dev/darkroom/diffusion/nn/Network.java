package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import java.util.Map;

/**
 * A model with parameters. It is immutable but for their values, and safe for use by many threads
 * while those rest.
 */
public interface Network {

  /**
   * Every parameter by its checkpoint key, in the order of construction. The arrays are the live
   * ones: an optimizer updates them in place ({@code sub_}, {@code lerp_}, {@code copy_}), and the
   * next forward sees it.
   *
   * @throws dev.darkroom.diffusion.DiffusionException if the model was built for {@link
   *     Execution#INFERENCE}, which keeps weights in another form
   */
  Map<String, NDArray> parameters();

  /** Says for all parameters whether a forward under {@code GradMode.on()} records them. */
  default void requireGradients(boolean required) {
    parameters().values().forEach(parameter -> parameter.setRequiresGradient(required));
  }

  default long parameterCount() {
    return parameters().values().stream().mapToLong(NDArray::size).sum();
  }
}
