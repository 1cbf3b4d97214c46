package dev.darkroom.jobs.run;

import dev.darkroom.jobs.job.Acknowledgement;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.message.Control;
import dev.darkroom.jobs.message.JobRequested;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.queue.Broadcast;
import dev.darkroom.jobs.queue.Delivery;
import dev.darkroom.jobs.queue.EventPublisher;
import dev.darkroom.jobs.queue.SlotConsumer;
import dev.darkroom.jobs.spec.JobSpec;
import dev.darkroom.jobs.store.AttemptStore;
import dev.darkroom.jobs.store.WorkerStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the jobs of one kind and pool, as many at a time as there are slots. Each delivery ends in
 * exactly one acknowledgement, and only after Postgres knows what became of the job. The publishers
 * and stores stay the caller's to close.
 */
public final class Executor<S extends JobSpec> implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Executor.class);

  /** How long the first job may wait until its events go somewhere and a cancel is heard. */
  private static final Duration WARM_UP = Duration.ofSeconds(2);

  /** A little more than an idle slot's poll takes. */
  private static final Duration IDLE_LEAVE = Duration.ofMillis(700);

  /** How long stopped jobs may take to leave their runners at a shutdown. */
  private static final Duration LEAVE = Duration.ofSeconds(15);

  /** How long their last writes may take after that. */
  private static final Duration LAST_WRITES = Duration.ofSeconds(5);

  private final ExecutorConfig config;
  private final WorkerStore presence;
  private final StageListener stages;
  private final Drain drain = new Drain();
  private final Heartbeats heartbeats;
  private final Pipeline<S> pipeline;
  private final ExecutorService workers;
  private final Broadcast<Control> control;
  private final List<SlotConsumer> slots = new ArrayList<>();

  /**
   * Starts to take jobs.
   *
   * @param objects where jobs store their outputs
   */
  public Executor(
      ExecutorConfig config,
      Class<S> specType,
      JobRunner<S> runner,
      AttemptStore attempts,
      WorkerStore presence,
      ObjectStore objects,
      EventPublisher events,
      StageListener stages) {
    this.config = config;
    this.presence = presence;
    this.stages = stages;
    heartbeats =
        new Heartbeats(attempts, this::tellPresence, config.heartbeat(), config.workerName());
    pipeline =
        new Pipeline<>(
            config, specType, runner, attempts, objects, events, stages, heartbeats, drain);
    workers =
        Executors.newFixedThreadPool(
            config.slots(),
            Thread.ofPlatform().daemon().name("job-" + config.workerName() + "-", 0).factory());
    control = Broadcast.control(config.bootstrapServers(), this::hear);
    CompletableFuture.allOf(events.ready(), control.ready())
        .completeOnTimeout(null, WARM_UP.toMillis(), TimeUnit.MILLISECONDS)
        .join();
    for (int i = 0; i < config.slots(); i++) {
      slots.add(
          new SlotConsumer(
              config.bootstrapServers(),
              config.kind(),
              config.pool(),
              config.workerName() + "-" + i,
              delivery -> workers.execute(() -> handle(delivery))));
    }
  }

  /** How many jobs run now. */
  public int running() {
    return heartbeats.count();
  }

  private void tellPresence(int busy) {
    if (!drain.hasBegun()) {
      presence.beat(config.workerName(), config.kind(), config.pool(), config.slots(), busy);
    }
  }

  private void hear(Control message) {
    switch (message) {
      case Control.CancelRequested cancel -> heartbeats.stop(cancel.jobId(), StopReason.CANCELED);
    }
  }

  private void handle(Delivery<JobRequested> delivery) {
    JobId id = delivery.value().jobId();
    Acknowledgement acknowledgement = Acknowledgement.RELEASE;
    try {
      stages.reached(id, Stage.DELIVERED);
      acknowledgement = pipeline.process(delivery.value());
    } catch (RuntimeException | Error e) {
      LOG.error("Job {} was left as it stands; its record is delivered again", id, e);
    } finally {
      delivery.settle(acknowledgement);
    }
    stages.reached(id, Stage.SETTLED);
  }

  /**
   * Shuts down in order: takes no more, lets running jobs go on for the grace, hands the others
   * back, and returns when every record is acknowledged.
   */
  @Override
  public void close() {
    drain.begin();
    slots.forEach(SlotConsumer::stop);
    workers.shutdown();
    // Idle slots are gone by then and do not pick up what the others hand back.
    Duration grace = config.grace().compareTo(IDLE_LEAVE) > 0 ? config.grace() : IDLE_LEAVE;
    if (!await(grace)) {
      heartbeats.stopAll(StopReason.DRAINING);
      if (!await(LEAVE)) {
        LOG.warn("Some jobs do not stop; other workers take them over after their lease");
      }
    }
    drain.end();
    if (await(LAST_WRITES)) {
      slots.forEach(SlotConsumer::close);
    }
    control.close();
    heartbeats.close();
    try {
      presence.leave(config.workerName());
    } catch (DarkroomException e) {
      LOG.info("This worker could not say that it leaves: {}", e.getMessage());
    }
  }

  private boolean await(Duration time) {
    try {
      return workers.awaitTermination(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
