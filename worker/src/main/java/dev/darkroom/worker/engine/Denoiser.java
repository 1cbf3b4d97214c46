package dev.darkroom.worker.engine;

import java.util.List;

/**
 * The seam between the scheduling of rows and their tensors. Called by the engine's thread alone.
 */
public interface Denoiser<S extends RowState> {
  /**
   * Takes every row one model call further: gather, one forward, scatter, each row's own sampler.
   *
   * @param key what the rows have in common
   * @param rows at least one state, none of them done
   * @return for each row, in order, the state that follows it
   * @throws RuntimeException if the group cannot be denoised: all its rows fail with it
   */
  List<S> step(GroupKey key, List<S> rows);
}
