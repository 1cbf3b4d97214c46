package dev.darkroom.trainer.service;

import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.objects.ModelCache;
import dev.darkroom.jobs.objects.ModelFiles;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.process.JobTaker;
import dev.darkroom.jobs.queue.EventPublisher;
import dev.darkroom.jobs.run.Executor;
import dev.darkroom.jobs.run.ExecutorConfig;
import dev.darkroom.jobs.run.StageListener;
import dev.darkroom.jobs.spec.TrainingSpec;
import dev.darkroom.jobs.store.AttemptStore;
import dev.darkroom.jobs.store.ModelRegistry;
import dev.darkroom.jobs.store.WorkerStore;
import java.time.Duration;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A trainer at work, one job at a time: from the first record it takes to the last it gives back.
 */
public final class TrainingWorker implements JobTaker {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingWorker.class);

  /** A training takes hours: at a shutdown it saves where it stands, at once. */
  private static final Duration GRACE = Duration.ZERO;

  private final TrainingMeter meter = new TrainingMeter();
  private final EventPublisher events;
  private final Executor<TrainingSpec> executor;

  /**
   * Starts to take jobs. The topics and the schema must be there.
   *
   * @param stages hears where each job is
   */
  public TrainingWorker(
      TrainerSettings settings, DataSource database, ObjectStore objects, StageListener stages) {
    TorchRuntime.start();
    Workspace.removeLeftovers(settings);
    ModelFiles files = new ModelFiles(objects);
    ModelCache cache = new ModelCache(files, settings.cacheDir(), settings.cacheMaxBytes());
    events = new EventPublisher(settings.bootstrapServers());
    executor =
        new Executor<>(
            new ExecutorConfig(
                settings.bootstrapServers(),
                JobKind.TRAINING,
                settings.pool(),
                settings.name(),
                1,
                settings.lease(),
                GRACE),
            TrainingSpec.class,
            new TrainingRunner(settings, objects, files, cache, new ModelRegistry(database), meter),
            new AttemptStore(database),
            new WorkerStore(database),
            objects,
            events,
            stages);
    LOG.info(
        "Trainer {} takes jobs of pool {} on {}",
        settings.name(),
        settings.pool(),
        settings.device());
  }

  /** 0 or 1. */
  @Override
  public int jobs() {
    return executor.running();
  }

  /** What it has done. */
  public TrainingMeter meter() {
    return meter;
  }

  /** Saves and gives back what runs, then stops: no strike for the job. */
  @Override
  public void close() {
    executor.close();
    events.close();
  }
}
