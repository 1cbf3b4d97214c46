package dev.darkroom.gateway.live;

import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.message.Event;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * One view of one job. A view that reads too slowly loses the oldest events, never memory; a wake
 * says that the job in Postgres is worth a look.
 */
public final class Subscription implements AutoCloseable {
  private static final int MAX_WAITING = 256;

  /** What a view is told. */
  public sealed interface Signal {
    /** Something happened. */
    record Happened(Event event) implements Signal {}

    /** Look into Postgres. */
    record Look() implements Signal {}
  }

  private final JobId job;
  private final Consumer<Subscription> onClose;
  private final BlockingQueue<Signal> signals = new ArrayBlockingQueue<>(MAX_WAITING);

  Subscription(JobId job, Consumer<Subscription> onClose) {
    this.job = job;
    this.onClose = onClose;
  }

  JobId job() {
    return job;
  }

  void offer(Signal signal) {
    while (!signals.offer(signal)) {
      signals.poll();
    }
  }

  /** The next signal, or empty where none came in time. */
  public Optional<Signal> next(Duration patience) throws InterruptedException {
    return Optional.ofNullable(
        signals.poll(Math.max(0, patience.toMillis()), TimeUnit.MILLISECONDS));
  }

  @Override
  public void close() {
    onClose.accept(this);
  }
}
