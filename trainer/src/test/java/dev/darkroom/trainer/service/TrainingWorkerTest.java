package dev.darkroom.trainer.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.pipeline.Progress;
import dev.darkroom.diffusion.pipeline.Seed;
import dev.darkroom.diffusion.pipeline.StableDiffusionPipeline;
import dev.darkroom.diffusion.pipeline.TextToImage;
import dev.darkroom.diffusion.sampler.SamplerType;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.job.Sha256;
import dev.darkroom.jobs.objects.Manifest;
import dev.darkroom.jobs.objects.ModelCache;
import dev.darkroom.jobs.objects.ObjectLayout;
import dev.darkroom.jobs.run.StageListener;
import dev.darkroom.jobs.spec.Recipe;
import dev.darkroom.jobs.spec.TrainingSpec;
import dev.darkroom.jobs.store.Job;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A trainer between a real Kafka, Postgres and S3. */
@Timeout(300)
class TrainingWorkerTest {
  /** More than any machine does while a trainer is drained. */
  private static final int ENOUGH_STEPS = 10_000;

  @TempDir Path folder;

  private Site site;
  private @Nullable TrainingWorker worker;

  @BeforeEach
  void open() {
    site = new Site();
  }

  @AfterEach
  void close() {
    if (worker != null) {
      worker.close();
    }
    site.close();
  }

  private void startTrainer(String name) {
    worker =
        new TrainingWorker(
            site.settings(name, folder.resolve(name)),
            site.database,
            site.objects,
            StageListener.NONE);
  }

  @Test
  void aTrainingBecomesAVersionThatGenerates() {
    startTrainer("first");
    JobId id = site.submit(spec(8, 4));
    Job job = site.ended(id);

    assertEquals(JobState.SUCCEEDED, job.state(), job::toString);
    assertTrue(job.logs().contains("8/8") && job.logs().contains("loss"), job.logs());
    assertTrue(site.objects.exists(ObjectLayout.sample(id, 8, "png")), "expected a sample grid");
    Manifest before = site.files.manifest(site.base);
    Manifest after = site.files.manifest(site.version(job));
    assertEquals(paths(before), paths(after));
    for (int i = 0; i < before.files().size(); i++) {
      Manifest.Entry file = before.files().get(i);
      boolean trained = file.path().equals("unet/diffusion_pytorch_model.safetensors");
      if (!file.path().startsWith("unet/") || trained) {
        assertEquals(!trained, file.equals(after.files().get(i)), file.path());
      }
    }
    assertTrue(generates(site.version(job)));
  }

  @Test
  void aTrainerThatIsKilledIsFollowedByAnotherWithTheSameWeights() throws Exception {
    TrainingSpec spec = spec(60, 4);
    Process doomed =
        TrainerProgram.start(site.settings("doomed", folder.resolve("doomed")), site.databaseUrl);
    JobId killed = site.submit(spec);
    try {
      site.awaitCheckpoints(killed, 1);
    } finally {
      doomed.destroyForcibly().waitFor();
    }
    startTrainer("second");
    Job taken = site.ended(killed);
    Job uninterrupted = site.ended(site.submit(spec));

    assertEquals(2, taken.attempt(), taken::toString);
    assertTrue(taken.logs().contains("going on from the checkpoint of step"), taken.logs());
    assertEquals(site.version(uninterrupted), site.version(taken));
  }

  @Test
  void aDrainedTrainerHandsItsJobBackAndNoStepIsMadeTwice() {
    JobId id = drained(250, 100_000, begun -> awaitFirstStep());
    assertEquals(1, site.checkpoints(id).size());

    startTrainer("second");
    Job job = site.ended(id);
    Job uninterrupted = site.ended(site.submit((TrainingSpec) job.spec()));

    assertEquals(site.version(uninterrupted), site.version(job));
  }

  @Test
  void aCheckpointThatDoesNotVerifyIsPassedOverForTheOneBeforeIt() {
    JobId id = drained(100, 8, begun -> site.awaitCheckpoints(begun, 2));
    List<String> checkpoints = site.checkpoints(id);
    damage(checkpoints.getLast());

    startTrainer("second");
    Job job = site.ended(id);
    Job uninterrupted = site.ended(site.submit((TrainingSpec) job.spec()));

    assertEquals(JobState.SUCCEEDED, job.state(), job::toString);
    assertTrue(job.logs().contains("does not verify and is passed over"), job.logs());
    assertEquals(site.version(uninterrupted), site.version(job));
  }

  @Test
  void aTrainingWithoutAnySoundCheckpointFailsAndDoesNotStartOverSilently() {
    JobId id = drained(100_000, 4, begun -> site.awaitCheckpoints(begun, 2));
    site.checkpoints(id).forEach(this::damage);

    startTrainer("second");
    Job job = site.ended(id);

    assertEquals(JobState.FAILED, job.state());
    assertEquals(ErrorCode.CORRUPT_CHECKPOINT, job.error().orElseThrow().code());
  }

  /**
   * A job that its trainer handed back when it was closed, some time after {@code begun} returned.
   * A drain lets it go on for a moment first: where a fast machine ends it by then, a longer one
   * takes its place.
   */
  private JobId drained(int steps, int checkpointingSteps, Consumer<JobId> begun) {
    startTrainer("first");
    JobId id = site.submit(spec(steps, checkpointingSteps));
    begun.accept(id);
    worker.close();
    Job job = site.jobs.find(id).orElseThrow();
    if (job.state() == JobState.SUCCEEDED && steps < ENOUGH_STEPS) {
      return drained(4 * steps, checkpointingSteps, begun);
    }
    assertEquals(JobState.DISPATCHED, job.state(), job::toString);
    return id;
  }

  /** By the trainer's own count: the job's row hears of steps later, when a short run is over. */
  private void awaitFirstStep() {
    Waiting.until(
        () -> Optional.of(worker.meter().steps()).filter(steps -> steps > 0),
        () -> worker.meter().steps());
  }

  private void damage(String manifest) {
    String file = manifest.replace("manifest.json", "unet.safetensors");
    byte[] bytes = site.objects.get(file, 1 << 26);
    bytes[bytes.length / 2] ^= 1;
    site.objects.put(file, bytes, "application/octet-stream");
  }

  @Test
  void aCanceledTrainingStopsWithinAStepAndLeavesNoVersion() {
    startTrainer("first");
    JobId id = site.submit(spec(100_000, 100_000));
    awaitFirstStep();
    site.jobs.cancel(id);
    Job job = site.ended(id);

    assertEquals(JobState.CANCELED, job.state());
    assertTrue(site.registry.find(Site.TRAINED).isEmpty());
    assertTrue(site.checkpoints(id).isEmpty());
  }

  @Test
  void aCorruptPictureFailsBeforeTheFirstStepByItsName() {
    Map<String, byte[]> files = Site.pictures();
    byte[] broken = files.get("green.png");
    broken[broken.length / 2] ^= 1;
    startTrainer("first");
    JobId id = site.submit(site.spec(Recipe.LATENT_DIFFUSION, 8, 4, Site.zip(files)));
    Job job = site.ended(id);

    assertEquals(JobState.FAILED, job.state());
    assertEquals(ErrorCode.INVALID_DATASET, job.error().orElseThrow().code());
    assertTrue(job.error().orElseThrow().message().startsWith("green.png: "), job::toString);
    assertEquals(0, worker.meter().steps());
    assertEquals(1, job.attempt());
  }

  @Test
  void aDatasetThatIsNoArchiveFailsInOneSentence() {
    startTrainer("first");
    byte[] text = "these are my pictures".getBytes(StandardCharsets.UTF_8);
    Job job = site.ended(site.submit(site.spec(Recipe.LATENT_DIFFUSION, 8, 4, text)));

    assertEquals(ErrorCode.INVALID_DATASET, job.error().orElseThrow().code());
    assertTrue(job.error().orElseThrow().message().contains("no zip archive"), job::toString);
  }

  @Test
  void anAutoencoderIsTrainedInPlaceAndTheRestStays() {
    startTrainer("first");
    Job job =
        site.ended(site.submit(site.spec(Recipe.AUTOENCODER, 4, 2, Site.zip(Site.pictures()))));

    assertEquals(JobState.SUCCEEDED, job.state(), job::toString);
    assertNotEquals(site.base, site.version(job));
    assertTrue(generates(site.version(job)));
  }

  @Test
  void nothingOfAJobStaysOnTheDiskWhenItEnds() throws IOException {
    startTrainer("first");
    site.ended(site.submit(spec(2, 1)));
    worker.close();
    Path trainings = folder.resolve("first/trainings/first");
    try (var left = java.nio.file.Files.list(trainings)) {
      assertFalse(left.findAny().isPresent());
    }
  }

  private TrainingSpec spec(int steps, int checkpointingSteps) {
    return site.spec(Recipe.LATENT_DIFFUSION, steps, checkpointingSteps, Site.zip(Site.pictures()));
  }

  private static List<String> paths(Manifest manifest) {
    return manifest.files().stream().map(Manifest.Entry::path).toList();
  }

  private boolean generates(Sha256 version) {
    ModelCache cache = new ModelCache(site.files, folder.resolve("models"), 1 << 30);
    try (ModelCache.Held held = cache.open(version);
        StableDiffusionPipeline pipeline =
            StableDiffusionPipeline.load(held.folder(), Device.cpu())) {
      TextToImage request =
          new TextToImage(
              "a red picture",
              "",
              16,
              16,
              SamplerType.parse("ddim"),
              2,
              new ClassifierFreeGuidance(2, 0),
              0);
      return pipeline.generate(request, List.of(Seed.of(1)), Progress.SILENT).size() == 1;
    }
  }
}
