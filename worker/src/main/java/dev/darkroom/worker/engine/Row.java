package dev.darkroom.worker.engine;

import java.util.concurrent.CompletableFuture;

/**
 * One image on its way through the engine, seen by who submitted it: await it or cancel it from any
 * thread. Its state belongs to the forward that it is in, or to the engine's lock.
 */
public final class Row<S extends RowState> {
  private final GroupKey key;
  private final RowListener<S> listener;
  private final CompletableFuture<RowOutcome<S>> outcome = new CompletableFuture<>();
  private volatile boolean canceled;
  private S state;

  Row(GroupKey key, S state, RowListener<S> listener) {
    this.key = key;
    this.state = state;
    this.listener = listener;
  }

  /** What the row shares with those it is denoised with. */
  public GroupKey key() {
    return key;
  }

  /** Completes once, and never exceptionally, when the row leaves the engine. */
  public CompletableFuture<RowOutcome<S>> outcome() {
    return outcome;
  }

  /** Makes the row leave before its next step. A row that has left already stays as it is. */
  public void cancel() {
    canceled = true;
  }

  boolean isCanceled() {
    return canceled;
  }

  S state() {
    return state;
  }

  void advanceTo(S next) {
    state = next;
    listener.stepped(next);
  }

  void finish() {
    outcome.complete(new RowOutcome.Finished<>(state));
  }

  void leaveCanceled() {
    outcome.complete(new RowOutcome.Canceled<>(state));
  }

  void fail(Throwable cause) {
    outcome.complete(new RowOutcome.Failed<>(cause));
  }
}
