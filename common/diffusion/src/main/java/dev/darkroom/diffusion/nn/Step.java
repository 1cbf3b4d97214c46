package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What all blocks of one forward share.
 *
 * @param time [N, timeChannels]
 * @param context [N, T, D], or null for a network without one
 * @param contextBias [N, 1, 1, T], or null
 * @param perturbation of self-attention, or null
 * @param objects [N, M, D] that gated transformers attend to, or null
 */
public record Step(
    NDArray time,
    @Nullable NDArray context,
    @Nullable NDArray contextBias,
    @Nullable Perturbation perturbation,
    @Nullable NDArray objects) {

  /** Of a network without a context. */
  public static Step at(NDArray time) {
    return new Step(time, null, null, null, null);
  }

  /** Of a network whose context is all that its attention reads. */
  public static Step at(NDArray time, NDArray context) {
    return new Step(time, context, null, null, null);
  }

  /** The context of a network that has one. */
  @Override
  public NDArray context() {
    return Objects.requireNonNull(context, "of a network without a context");
  }
}
