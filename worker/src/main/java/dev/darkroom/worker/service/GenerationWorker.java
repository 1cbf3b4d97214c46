package dev.darkroom.worker.service;

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
import dev.darkroom.jobs.spec.GenerationSpec;
import dev.darkroom.jobs.store.AttemptStore;
import dev.darkroom.jobs.store.WorkerStore;
import dev.darkroom.worker.engine.Engine;
import dev.darkroom.worker.engine.EngineLoad;
import dev.darkroom.worker.model.DeviceLanes;
import dev.darkroom.worker.model.DiffusionModel;
import dev.darkroom.worker.model.ImageDenoiser;
import dev.darkroom.worker.model.ImageRow;
import dev.darkroom.worker.model.ModelShelf;
import dev.darkroom.worker.model.ModelSource;
import dev.darkroom.worker.model.TensorThreads;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A worker at work: from the first record it takes to the last it gives back. */
public final class GenerationWorker implements JobTaker {
  private static final Logger LOG = LoggerFactory.getLogger(GenerationWorker.class);
  private static final Duration LAST_STEP = Duration.ofSeconds(5);

  private final Engine<ImageRow> engine;
  private final List<Thread> engineThreads;
  private final DeviceLanes device;
  private final TensorThreads loaders;
  private final TensorThreads studio;
  private final ModelShelf<DiffusionModel> shelf;
  private final EventPublisher events;
  private final Executor<GenerationSpec> executor;

  /**
   * Starts to take jobs. The topics and the schema must be there.
   *
   * @param stages hears where each job is
   */
  public GenerationWorker(
      WorkerSettings settings, DataSource database, ObjectStore objects, StageListener stages) {
    int lanes = lanes(settings);
    device = new DeviceLanes(lanes);
    ModelCache cache =
        new ModelCache(new ModelFiles(objects), settings.cacheDir(), settings.cacheMaxBytes());
    // A forward a lane: none waits for another, as parts of one forward would.
    engine = new Engine<>(settings.slots(), lanes, new ImageDenoiser(), System::nanoTime);
    Thread.Builder engineThread = Thread.ofPlatform().name("engine-", 0).daemon();
    engineThreads = Stream.generate(() -> engineThread.start(engine)).limit(lanes).toList();
    loaders = new TensorThreads("loader-", settings.jobs());
    prepare(settings);
    studio = new TensorThreads("studio-", 1);
    shelf =
        new ModelShelf<>(
            settings.modelMemory(),
            new ModelSource(cache, settings.device(), settings.precision(), device));
    events = new EventPublisher(settings.bootstrapServers());
    executor =
        new Executor<>(
            new ExecutorConfig(
                settings.bootstrapServers(),
                JobKind.GENERATION,
                settings.pool(),
                settings.name(),
                settings.jobs(),
                settings.lease(),
                settings.grace()),
            GenerationSpec.class,
            new GenerationRunner(shelf, engine, loaders, studio),
            new AttemptStore(database),
            new WorkerStore(database),
            objects,
            events,
            stages);
    LOG.info(
        "Worker {} takes jobs of pool {}: {} slots on {} in {}, {} threads an operator",
        settings.name(),
        settings.pool(),
        settings.slots(),
        settings.device(),
        settings.precision().torchName(),
        TorchRuntime.threads());
  }

  /** Compiles what models compute with while the first job is still on its way. */
  private void prepare(WorkerSettings settings) {
    loaders
        .submit(
            () -> {
              settings.precision().network().prepare(settings.device());
              return true;
            })
        .whenComplete(
            (prepared, failure) -> {
              if (failure != null) {
                LOG.warn("No model can compute here: each job will say so", failure);
              }
            });
  }

  /** Shares the cores among the lanes; more lanes than cores would only wait for each other. */
  private static int lanes(WorkerSettings settings) {
    if (settings.device().isGpu()) {
      return 1;
    }
    int cores = TorchRuntime.threadsAtStart();
    int lanes = Math.min(settings.lanes(), cores);
    TorchRuntime.useThreads(cores / lanes);
    return lanes;
  }

  /** What the engine is doing. */
  public EngineLoad load() {
    return engine.load();
  }

  @Override
  public int jobs() {
    return executor.running();
  }

  /** Models in memory. */
  public int models() {
    return shelf.size();
  }

  /** Bytes that the models in memory hold. */
  public long modelBytes() {
    return shelf.usedBytes();
  }

  /** Gives back what runs, then stops: no strike for a job, no record left to time out. */
  @Override
  public void close() {
    executor.close();
    engine.close();
    try {
      for (Thread thread : engineThreads) {
        thread.join(LAST_STEP);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    studio.close();
    loaders.close();
    shelf.close();
    device.close();
    events.close();
  }
}
