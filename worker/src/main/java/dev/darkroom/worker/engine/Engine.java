package dev.darkroom.worker.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Continuous batching of denoising steps: rows join and leave between any two steps. One thread for
 * each forward that may be under way calls {@link #run()}, or {@link #step()} as often as it likes;
 * every other method may be called from anywhere.
 *
 * <p>The threads do not wait for each other: a row is in one forward at a time, and goes on as soon
 * as that one is through.
 */
public final class Engine<S extends RowState> implements Runnable, AutoCloseable {
  private final Denoiser<S> denoiser;
  private final LongSupplier nanoTime;

  /** Guards the fields below, which callers and the engine's threads share. */
  private final Object door = new Object();

  private final BatchScheduler<S> scheduler;
  private int threads;
  private boolean closing;
  private boolean ended;
  private EngineLoad load = EngineLoad.NONE;

  /** An engine of one thread. */
  public Engine(int slots, Denoiser<S> denoiser, LongSupplier nanoTime) {
    this(slots, 1, denoiser, nanoTime);
  }

  /**
   * @param slots how many rows may be under way at once, over all groups
   * @param forwardsAtOnce how many threads will step: the rows are shared out among them
   * @param nanoTime the clock that forwards are charged by
   */
  public Engine(int slots, int forwardsAtOnce, Denoiser<S> denoiser, LongSupplier nanoTime) {
    this.scheduler = new BatchScheduler<>(slots, forwardsAtOnce);
    this.denoiser = denoiser;
    this.nanoTime = nanoTime;
  }

  /** Hands a row over; after {@link #close()} the row leaves canceled. */
  public Row<S> submit(GroupKey key, S state, RowListener<S> listener) {
    Row<S> row = new Row<>(key, state, listener);
    synchronized (door) {
      if (!ended) {
        scheduler.add(row);
        door.notifyAll();
        return row;
      }
    }
    row.leaveCanceled();
    return row;
  }

  /** What the engine is doing, as of its last step. */
  public EngineLoad load() {
    synchronized (door) {
      return load;
    }
  }

  /**
   * Steps until {@link #close()}, asleep while there are no rows. Those still inside when the last
   * of the threads ends leave canceled.
   */
  @Override
  public void run() {
    synchronized (door) {
      threads++;
    }
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

  /** Lets the forwards under way end, and no other begin. */
  @Override
  public void close() {
    synchronized (door) {
      closing = true;
      door.notifyAll();
    }
  }

  /**
   * Lets arrivals in and the canceled out, then takes rows of one group one model call further.
   *
   * @return whether a forward was run
   */
  public boolean step() {
    List<Row<S>> canceled;
    List<Row<S>> done;
    List<Row<S>> batch;
    synchronized (door) {
      canceled = scheduler.removeIf(Row::isCanceled);
      done = scheduler.removeIf(row -> row.state().isDone());
      batch = scheduler.next();
      tell(0, 0);
    }
    canceled.forEach(Row::leaveCanceled);
    done.forEach(Row::finish);
    if (batch.isEmpty()) {
      return false;
    }
    long start = nanoTime.getAsLong();
    List<Departure<S>> departures = denoise(batch);
    long nanos = nanoTime.getAsLong() - start;
    synchronized (door) {
      scheduler.charge(batch, nanos);
      departures.forEach(departure -> scheduler.retire(departure.row()));
      tell(1, batch.size());
      door.notifyAll();
    }
    departures.forEach(departure -> departure.leave().run());
    return true;
  }

  /** A row that frees its slot, and what to do once it has. */
  private record Departure<S extends RowState>(Row<S> row, Runnable leave) {}

  /** Takes the rows one state further, and answers those that leave with that. */
  private List<Departure<S>> denoise(List<Row<S>> batch) {
    List<S> next;
    try {
      next = denoiser.step(batch.getFirst().key(), batch.stream().map(Row::state).toList());
      if (next.size() != batch.size()) {
        throw new IllegalStateException(
            "denoiser: expected %d states back, got %d".formatted(batch.size(), next.size()));
      }
    } catch (Throwable cause) { // An OutOfMemoryError of one group must not end the others.
      return batch.stream().map(row -> new Departure<>(row, () -> row.fail(cause))).toList();
    }
    List<Departure<S>> departures = new ArrayList<>();
    for (int i = 0; i < batch.size(); i++) {
      settle(batch.get(i), next.get(i), departures);
    }
    return departures;
  }

  private void settle(Row<S> row, S next, List<Departure<S>> departures) {
    try {
      row.advanceTo(next);
    } catch (Throwable cause) { // Whatever a listener throws is its own row's failure.
      departures.add(new Departure<>(row, () -> row.fail(cause)));
      return;
    }
    if (row.isCanceled()) {
      departures.add(new Departure<>(row, row::leaveCanceled));
    } else if (next.isDone()) {
      departures.add(new Departure<>(row, row::finish));
    }
  }

  private void tell(int forwards, int rowSteps) {
    load =
        new EngineLoad(
            scheduler.waiting(),
            scheduler.running(),
            load.forwards() + forwards,
            load.rowSteps() + rowSteps);
  }

  private boolean awaitWork() throws InterruptedException {
    synchronized (door) {
      while (!closing && !scheduler.isReady()) {
        door.wait();
      }
      return !closing;
    }
  }

  private void end() {
    List<Row<S>> left = List.of();
    synchronized (door) {
      if (--threads == 0) {
        ended = true;
        left = scheduler.removeIf(row -> true);
      }
    }
    left.forEach(Row::leaveCanceled);
  }
}
