package dev.darkroom.worker.engine;

/**
 * Hears of a row's steps on one of the engine's threads, so it must be quick: hand slow work to
 * another thread.
 */
@FunctionalInterface
public interface RowListener<S extends RowState> {
  /** The row has just been stepped, to this state. */
  void stepped(S state);
}
