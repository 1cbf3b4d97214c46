package dev.darkroom.gateway.dispatch;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.message.JobRequested;
import dev.darkroom.jobs.queue.Publisher;
import dev.darkroom.jobs.store.Outbox;
import dev.darkroom.jobs.store.Release;
import dev.darkroom.jobs.store.WorkerStore;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * Releases jobs to Kafka and brings back those that stand still. Woken by Postgres' notifications,
 * and by the clock where one was lost. A failure of Postgres or Kafka is a pause, never an end.
 */
public final class Dispatcher implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Dispatcher.class);
  private static final Duration POLL = Duration.ofSeconds(1);
  private static final Duration GATHER = Duration.ofMillis(3);
  private static final Duration PAUSE = Duration.ofMillis(500);
  private static final Duration COUNT_EVERY = Duration.ofSeconds(1);
  private static final Duration RESCUE_EVERY = Duration.ofSeconds(2);

  private final Outbox outbox;
  private final Publisher publisher;
  private final String pool;
  private final Window window;
  private final WorkerStore workers;
  private final Consumer<DispatchStage> stages;
  private final Semaphore wakes = new Semaphore(0);
  private final Counter released;
  private final Counter refused;
  private final Counter rescued;
  private final Thread thread;
  private volatile boolean closing;
  private boolean failing;
  private long lastRescue = System.nanoTime();
  private long lastCount = System.nanoTime() - COUNT_EVERY.toNanos();
  private final Map<JobKind, Integer> slots = new EnumMap<>(JobKind.class);

  /**
   * Starts to release.
   *
   * @param stages is told of each stage of a release as it is reached
   */
  public Dispatcher(
      Outbox outbox,
      WorkerStore workers,
      Publisher publisher,
      String pool,
      Window window,
      Consumer<DispatchStage> stages,
      MeterRegistry metrics) {
    this.outbox = outbox;
    this.workers = workers;
    this.stages = stages;
    this.publisher = publisher;
    this.pool = pool;
    this.window = window;
    released = counter(metrics, "released", "Jobs that Kafka took");
    refused = counter(metrics, "refused", "Jobs that Kafka did not take and that wait again");
    rescued = counter(metrics, "rescued", "Jobs that stood still and were moved");
    thread = Thread.ofPlatform().name("darkroom-dispatcher").daemon().start(this::run);
  }

  private static Counter counter(MeterRegistry metrics, String name, String description) {
    return Counter.builder("darkroom.dispatcher." + name)
        .description(description)
        .register(metrics);
  }

  /** There may be something to release, or room to release it into. */
  public void wake() {
    wakes.release();
  }

  private void run() {
    try {
      while (!closing) {
        try {
          rescue();
          boolean more = false;
          for (JobKind kind : JobKind.values()) {
            more |= release(kind);
          }
          if (failing) {
            LOG.info("Jobs are released again");
            failing = false;
          }
          if (!more && wakes.tryAcquire(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
            // A flood of inserts is a flood of wakes: look a few hundred times a second at most.
            Thread.sleep(GATHER);
            wakes.drainPermits();
          }
        } catch (DarkroomException e) {
          if (!failing) {
            LOG.warnf("No jobs are released for now: %s", e.getMessage());
            failing = true;
          }
          Thread.sleep(PAUSE);
        } catch (RuntimeException e) {
          // A defect, but one job's: without this thread no job would ever be released again.
          LOG.error("The dispatcher failed and goes on", e);
          Thread.sleep(PAUSE);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Releases what fits; whether the window was filled, so that more may wait. */
  private boolean release(JobKind kind) {
    List<Release> taken = outbox.take(kind, pool, window.size(slots(kind)));
    if (taken.isEmpty()) {
      return false;
    }
    stages.accept(DispatchStage.AFTER_TAKE);
    publish(kind, taken);
    return true;
  }

  /** The slots of a pool, as of a second ago. */
  private int slots(JobKind kind) {
    if (System.nanoTime() - lastCount > COUNT_EVERY.toNanos()) {
      for (JobKind each : JobKind.values()) {
        slots.put(each, workers.slots(each, pool));
      }
      lastCount = System.nanoTime();
    }
    return slots.getOrDefault(kind, 0);
  }

  private void publish(JobKind kind, List<Release> taken) {
    List<CompletableFuture<Void>> sends = new ArrayList<>();
    for (Release release : taken) {
      sends.add(
          publisher.request(pool, kind, JobRequested.of(kind, release.jobId(), release.number())));
    }
    List<Release> arrived = new ArrayList<>();
    List<Release> lost = new ArrayList<>();
    DarkroomException failure = null;
    for (int i = 0; i < sends.size(); i++) {
      try {
        Publisher.await(sends.get(i));
        arrived.add(taken.get(i));
      } catch (DarkroomException e) {
        lost.add(taken.get(i));
        failure = e;
      }
    }
    stages.accept(DispatchStage.AFTER_PUBLISH);
    if (!arrived.isEmpty()) {
      outbox.published(arrived);
      released.increment(arrived.size());
    }
    if (failure != null) {
      // A send whose outcome is unknown may have arrived: its record is then of an earlier release.
      outbox.refused(lost);
      refused.increment(lost.size());
      throw failure;
    }
  }

  private void rescue() {
    if (System.nanoTime() - lastRescue < RESCUE_EVERY.toNanos()) {
      return;
    }
    lastRescue = System.nanoTime();
    outbox
        .rescue(Outbox.Patience.STANDARD)
        .forEach(
            (job, state) -> {
              rescued.increment();
              LOG.infof("Job %s stood still and is %s now", job, state.text());
            });
  }

  @Override
  public void close() {
    closing = true;
    wake();
    try {
      // Not interrupted: a release that is on its way shall be marked as published.
      thread.join(Duration.ofSeconds(6));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
