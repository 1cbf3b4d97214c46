package dev.darkroom.worker.engine;

/** How a row left the engine. */
public sealed interface RowOutcome<S extends RowState> {
  /** All steps done. */
  record Finished<S extends RowState>(S state) implements RowOutcome<S> {}

  /** Left on request, or because the engine closed; the state can be submitted again. */
  record Canceled<S extends RowState>(S state) implements RowOutcome<S> {}

  /** Its group could not be denoised, or its listener failed. */
  record Failed<S extends RowState>(Throwable cause) implements RowOutcome<S> {}
}
