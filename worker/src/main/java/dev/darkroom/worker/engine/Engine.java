package dev.darkroom.worker.engine;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.function.LongSupplier;

/**
 * Continuous batching of denoising steps: rows join and leave between any two steps. One thread
 * calls {@link #run()}, or {@link #step()} as often as it likes; every other method may be called
 * from anywhere.
 */
public final class Engine<S extends RowState> implements Runnable, AutoCloseable {
  private final BatchScheduler<S> scheduler;
  private final Denoiser<S> denoiser;
  private final LongSupplier nanoTime;

  /** Guards the three fields below, which callers and the engine's thread share. */
  private final Object door = new Object();

  private final Queue<Row<S>> arrivals = new ArrayDeque<>();
  private boolean closing;
  private boolean ended;

  private volatile EngineLoad load = EngineLoad.NONE;

  /**
   * @param slots how many rows may be under way at once, over all groups
   * @param nanoTime the clock that forwards are charged by
   */
  public Engine(int slots, Denoiser<S> denoiser, LongSupplier nanoTime) {
    this.scheduler = new BatchScheduler<>(slots);
    this.denoiser = denoiser;
    this.nanoTime = nanoTime;
  }

  /** Hands a row over; after {@link #close()} the row leaves canceled. */
  public Row<S> submit(GroupKey key, S state, RowListener<S> listener) {
    Row<S> row = new Row<>(key, state, listener);
    synchronized (door) {
      if (!ended) {
        arrivals.add(row);
        door.notifyAll();
        return row;
      }
    }
    row.leaveCanceled();
    return row;
  }

  /** What the engine is doing, as of its last step. */
  public EngineLoad load() {
    return load;
  }

  /**
   * Steps until {@link #close()}, asleep while there are no rows. Rows still inside at the end
   * leave canceled.
   */
  @Override
  public void run() {
    try {
      while (awaitWork()) {
        step();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      end();
    }
  }

  /** Lets the forward under way end, and no other begin. */
  @Override
  public void close() {
    synchronized (door) {
      closing = true;
      door.notifyAll();
    }
  }

  /**
   * Lets arrivals in and the canceled out, then takes one group of rows one model call further.
   *
   * @return whether a forward was run
   */
  public boolean step() {
    admit();
    List<Row<S>> batch = scheduler.next();
    if (!batch.isEmpty()) {
      long start = nanoTime.getAsLong();
      List<S> next = denoise(batch);
      scheduler.charge(batch, nanoTime.getAsLong() - start);
      for (int i = 0; i < next.size(); i++) {
        settle(batch.get(i), next.get(i));
      }
    }
    load =
        new EngineLoad(
            scheduler.waiting(),
            scheduler.running(),
            load.forwards() + (batch.isEmpty() ? 0 : 1),
            load.rowSteps() + batch.size());
    return !batch.isEmpty();
  }

  private void admit() {
    synchronized (door) {
      for (Row<S> row = arrivals.poll(); row != null; row = arrivals.poll()) {
        scheduler.add(row);
      }
    }
    scheduler.removeIf(Row::isCanceled).forEach(Row::leaveCanceled);
    scheduler.removeIf(row -> row.state().isDone()).forEach(Row::finish);
  }

  /**
   * The rows' next states, or none where the forward failed and its rows have left with the reason.
   */
  private List<S> denoise(List<Row<S>> batch) {
    try {
      List<S> next = denoiser.step(batch.getFirst().key(), batch.stream().map(Row::state).toList());
      if (next.size() != batch.size()) {
        throw new IllegalStateException(
            "denoiser: expected %d states back, got %d".formatted(batch.size(), next.size()));
      }
      return next;
    } catch (Throwable cause) { // An OutOfMemoryError of one group must not end the others.
      for (Row<S> row : batch) {
        scheduler.retire(row);
        row.fail(cause);
      }
      return List.of();
    }
  }

  private void settle(Row<S> row, S next) {
    try {
      row.advanceTo(next);
    } catch (Throwable cause) { // Whatever a listener throws is its own row's failure.
      scheduler.retire(row);
      row.fail(cause);
      return;
    }
    if (row.isCanceled()) {
      scheduler.retire(row);
      row.leaveCanceled();
    } else if (next.isDone()) {
      scheduler.retire(row);
      row.finish();
    }
  }

  private boolean awaitWork() throws InterruptedException {
    synchronized (door) {
      while (!closing && scheduler.isIdle() && arrivals.isEmpty()) {
        door.wait();
      }
      return !closing;
    }
  }

  private void end() {
    synchronized (door) {
      ended = true;
      arrivals.forEach(scheduler::add);
      arrivals.clear();
    }
    scheduler.removeIf(row -> true).forEach(Row::leaveCanceled);
  }
}
