package dev.darkroom.trainer.service;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.SafetensorsFile;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.Result;
import dev.darkroom.jobs.objects.Manifest;
import dev.darkroom.jobs.objects.ModelCache;
import dev.darkroom.jobs.objects.ModelFiles;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.run.JobContext;
import dev.darkroom.jobs.run.JobRunner;
import dev.darkroom.jobs.run.JobStopped;
import dev.darkroom.jobs.run.StopReason;
import dev.darkroom.jobs.spec.TrainingSpec;
import dev.darkroom.jobs.store.ModelRegistry;
import dev.darkroom.jobs.store.ModelVersion;
import dev.darkroom.trainer.data.Captions;
import dev.darkroom.trainer.data.Dataset;
import dev.darkroom.trainer.data.DatasetArchive;
import dev.darkroom.trainer.data.FolderDataset;
import dev.darkroom.trainer.data.Subset;
import dev.darkroom.trainer.loop.StopSignal;
import dev.darkroom.trainer.loop.Surroundings;
import dev.darkroom.trainer.loop.TrainingLoop;
import dev.darkroom.trainer.recipe.AutoencoderTraining;
import dev.darkroom.trainer.recipe.LatentDiffusionTraining;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Runs a training: verify the dataset, borrow the base model, train from the newest checkpoint,
 * store the result as a model version. Whichever trainer ends it, and however often it was
 * interrupted, the version is the same to the bit.
 */
final class TrainingRunner implements JobRunner<TrainingSpec> {
  /**
   * Every twentieth picture judges an autoencoder and does not teach it, where there are enough.
   */
  private static final int HELD_OUT_EVERY = 20;

  private final TrainerSettings settings;
  private final ObjectStore objects;
  private final ModelFiles files;
  private final ModelCache cache;
  private final ModelRegistry registry;
  private final TrainingMeter meter;

  TrainingRunner(
      TrainerSettings settings,
      ObjectStore objects,
      ModelFiles files,
      ModelCache cache,
      ModelRegistry registry,
      TrainingMeter meter) {
    this.settings = settings;
    this.objects = objects;
    this.files = files;
    this.cache = cache;
    this.registry = registry;
    this.meter = meter;
  }

  @Override
  public Result run(JobContext<TrainingSpec> context) {
    try (Workspace workspace = Workspace.of(settings, context.jobId())) {
      return train(context, workspace);
    } catch (JobStopped stopped) {
      throw stopped;
    } catch (RuntimeException | OutOfMemoryError e) {
      throw Failures.typed(e);
    }
  }

  private Result train(JobContext<TrainingSpec> context, Workspace workspace) {
    TrainingSpec spec = context.spec();
    ModelVersion base =
        registry
            .version(spec.version())
            .orElseThrow(
                () ->
                    new DarkroomException(
                        ErrorCode.NOT_FOUND,
                        "the base version %s:%s is not there any more"
                            .formatted(spec.model(), spec.version())));
    Dataset data = dataset(context, workspace);
    context.checkStop();
    try (ModelCache.Held held = cache.open(spec.version())) {
      context.checkStop();
      ObjectCheckpoints checkpoints = checkpoints(context, workspace);
      Optional<CheckpointManifest> found = checkpoints.newest();
      found.ifPresent(
          checkpoint -> context.log("going on from the checkpoint of step " + checkpoint.step()));
      Run run =
          new Run(
              spec,
              data,
              held.folder(),
              workspace,
              // The bits of sums depend on it, so a run keeps the number it began with.
              found.map(CheckpointManifest::threads).orElse(settings.threads()),
              surroundings(context, checkpoints, found.map(CheckpointManifest::step).orElse(0)));
      if (train(run, held) == TrainingLoop.End.STOPPED) {
        context.checkStop();
        throw new JobStopped(StopReason.DRAINING);
      }
    }
    context.log("storing the new version");
    Manifest version = files.upload(workspace.result());
    return new Result.Trained(spec.destination(), version.id(), version.size(), base.schema());
  }

  private Dataset dataset(JobContext<TrainingSpec> context, Workspace workspace) {
    TrainingSpec spec = context.spec();
    Path archive = workspace.file("dataset.zip");
    objects.download(spec.dataset().key(), spec.dataset().sha256(), spec.dataset().size(), archive);
    context.checkStop();
    Path folder = workspace.file("dataset");
    DatasetArchive.STANDARD.unpack(archive, folder);
    context.checkStop();
    Captions captions =
        switch (spec.recipe()) {
          case LATENT_DIFFUSION -> Captions.REQUIRED;
          case AUTOENCODER -> Captions.OPTIONAL;
        };
    Dataset data = FolderDataset.open(folder, spec.resolution(), captions);
    context.log("dataset: %d pictures, each decoded and sound".formatted(data.size()));
    return data;
  }

  private ObjectCheckpoints checkpoints(JobContext<TrainingSpec> context, Workspace workspace) {
    return new ObjectCheckpoints(
        objects,
        context.jobId(),
        context.attempt(),
        workspace.folder("checkpoints"),
        settings.threads(),
        context::log,
        context::progressSaved);
  }

  private Surroundings surroundings(
      JobContext<TrainingSpec> context, ObjectCheckpoints checkpoints, int from) {
    // A drained run saves where it stands; one that is canceled or not ours any more must not.
    StopSignal stop =
        () -> {
          if (context.stopReason().equals(Optional.of(StopReason.DRAINING))) {
            return true;
          }
          context.checkStop();
          return false;
        };
    return new Surroundings(checkpoints, new JobListener(context, objects, meter, from), stop);
  }

  /** One run of a recipe, with all that it needs on this machine. */
  private record Run(
      TrainingSpec spec,
      Dataset data,
      Path base,
      Workspace workspace,
      int threads,
      Surroundings surroundings) {}

  /** A base model that is not what it should be is named by its version and file. */
  private TrainingLoop.End train(Run run, ModelCache.Held held) {
    try {
      return train(run);
    } catch (DiffusionException e) {
      if (e.kind() == DiffusionException.Kind.BAD_CHECKPOINT) {
        throw new DarkroomException(
            ErrorCode.CORRUPT_CHECKPOINT, held.blame(String.valueOf(e.getMessage())), e);
      }
      throw e;
    }
  }

  private TrainingLoop.End train(Run run) {
    return switch (run.spec().recipe()) {
      case LATENT_DIFFUSION ->
          LatentDiffusionTraining.run(
              RecipeConfigs.latentDiffusion(run.spec(), run.threads(), run.data()),
              run.base(),
              run.data(),
              run.workspace().folder("latents"),
              run.surroundings(),
              settings.device(),
              typeOf(run.base().resolve("unet")),
              run.workspace().result());
      case AUTOENCODER ->
          AutoencoderTraining.from(
              run.base(),
              RecipeConfigs.autoencoder(run.spec(), run.threads()),
              part(run.data(), "training", false),
              part(run.data(), "held out", true),
              run.surroundings(),
              settings.device(),
              typeOf(run.base().resolve("vae")),
              run.workspace().result());
    };
  }

  /** All of a small dataset teaches and judges. */
  private static Dataset part(Dataset data, String name, boolean heldOut) {
    return data.size() < HELD_OUT_EVERY
        ? data
        : new Subset(data, name, index -> (index % HELD_OUT_EVERY == 0) == heldOut);
  }

  /** The result is stored as its base is. */
  private static TensorType typeOf(Path component) {
    Path weights = component.resolve("diffusion_pytorch_model.safetensors");
    if (!Files.exists(weights)) {
      return TensorType.F16;
    }
    try (SafetensorsFile file = SafetensorsFile.open(weights)) {
      return switch (file.tensors().values().iterator().next().type()) {
        case F32, F64 -> TensorType.F32;
        case BF16 -> TensorType.BF16;
        case F16, I64, I32, I8, U8, BOOL -> TensorType.F16;
      };
    }
  }
}
