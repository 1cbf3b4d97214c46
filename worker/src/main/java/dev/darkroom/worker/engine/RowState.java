package dev.darkroom.worker.engine;

/**
 * Where one row stands: an immutable value without native memory, so that it can be dropped at any
 * time, kept as a snapshot, or submitted again. The engine only counts; the latent is the
 * denoiser's business.
 */
public interface RowState {
  /** Model calls done so far, in [0, {@link #steps()}]. */
  int step();

  /**
   * Model calls this row needs in all; a second-order sampler needs more than the request's step
   * count.
   */
  int steps();

  default boolean isDone() {
    return step() >= steps();
  }
}
