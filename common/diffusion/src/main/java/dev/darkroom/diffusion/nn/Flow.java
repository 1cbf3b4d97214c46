package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import java.util.function.UnaryOperator;

/**
 * The value that flows through a model. Each step replaces it, and the one before is freed at once,
 * not when the forward ends: that is what keeps the peak of an inference low. While a graph is
 * recorded, the graph still holds what it needs.
 */
public final class Flow {
  private NDArray value;
  private boolean owned;

  private Flow(NDArray value, boolean owned) {
    this.value = value;
    this.owned = owned;
  }

  /** Starts from an array that stays its owner's. */
  public static Flow from(NDArray input) {
    return new Flow(input, false);
  }

  public Flow then(UnaryOperator<NDArray> block) {
    NDArray next = block.apply(value);
    if (owned && next != value) {
      value.close();
    }
    owned = owned || next != value;
    value = next;
    return this;
  }

  /** The present value, which the next step will leave alone: the caller now frees it. */
  public NDArray share() {
    owned = false;
    return value;
  }

  /** The last value. */
  public NDArray result() {
    return value;
  }
}
