package dev.darkroom.worker.service;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.job.Sha256;
import dev.darkroom.jobs.message.Event;
import dev.darkroom.jobs.objects.ModelFiles;
import dev.darkroom.jobs.objects.ObjectLayout;
import dev.darkroom.jobs.queue.Broadcast;
import dev.darkroom.jobs.run.Stage;
import dev.darkroom.jobs.run.StageListener;
import dev.darkroom.jobs.spec.GenerationSpec;
import dev.darkroom.jobs.spec.SchedulerName;
import dev.darkroom.jobs.store.Job;
import dev.darkroom.local.embedded.TestServices;
import dev.darkroom.worker.model.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A worker between a real Kafka, Postgres and S3. */
@Timeout(400)
class GenerationWorkerTest {
  private static final int SLOTS = 4;

  @TempDir Path cache;

  private Site site;
  private GenerationWorker worker;

  @BeforeEach
  void start() {
    site = new Site();
    worker = worker("first", SLOTS);
  }

  @AfterEach
  void stop() {
    worker.close();
    site.close();
  }

  private GenerationWorker worker(String name, int slots) {
    return worker(name, slots, Site.LEASE, StageListener.NONE);
  }

  private GenerationWorker worker(String name, int slots, Duration lease, StageListener stages) {
    return new GenerationWorker(
        site.settings(name, cache, slots, lease), site.database, site.objects, stages);
  }

  /** It takes a job's images one after the other: a long job is long on a fast machine too. */
  private void replaceByOneOfOneSlot() {
    worker.close();
    worker = worker("narrow", 1);
  }

  @Test
  void aJobBecomesTheImagesOfItsSpec() {
    GenerationSpec spec = site.spec("a red apple", 6, 3, 7);
    Job job = site.ended(site.submit(spec));

    assertEquals(JobState.SUCCEEDED, job.state(), job::toString);
    assertEqualImages(Site.oracle(spec), site.images(job));
    assertTrue(job.logs().contains("18/18"), job.logs());
  }

  @Test
  void jobsOfDifferentSpecsRunTogetherAndKeepTheirPixels() {
    List<GenerationSpec> specs = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      GenerationSpec spec = site.spec("picture " + i, 3 + i, 1 + i % 2, 100 + i);
      specs.add(i % 3 == 0 ? withScheduler(spec, SchedulerName.EULER) : spec);
    }
    List<JobId> ids = specs.stream().map(site::submit).toList();

    for (int i = 0; i < specs.size(); i++) {
      assertEqualImages(Site.oracle(specs.get(i)), site.images(site.ended(ids.get(i))));
    }
    assertTrue(worker.load().rowSteps() > worker.load().forwards(), worker.load()::toString);
  }

  @Test
  void aDuplicateRecordChangesNothing() {
    worker.close();
    CountDownLatch records = new CountDownLatch(2);
    // The lease outlasts any stall: a lapsed one would make the duplicate an attempt of its own.
    worker = worker("patient", SLOTS, Duration.ofSeconds(30), (id, stage) -> hold(records, stage));
    JobId id = site.submit(site.spec("twice", 20, 1, 1));
    site.awaitJob(id, job -> job.state() == JobState.RUNNING);
    site.publish(new dev.darkroom.jobs.store.Release(id, 1));
    Job job = site.ended(id);
    site.publish(new dev.darkroom.jobs.store.Release(id, 1));
    JobId later = site.submit(site.spec("later", 2, 1, 1));
    site.ended(later);

    assertEquals(1, job.attempt());
    assertEquals(1, site.jobs.find(id).orElseThrow().attempt());
    assertEquals(1, site.times(id, JobState.SUCCEEDED));
    assertEquals(1, site.objects.list(ObjectLayout.outputs(id)).size());
  }

  /** Keeps a job from ending until all {@code records} are in the worker's hands. */
  private static void hold(CountDownLatch records, Stage stage) {
    if (stage == Stage.DELIVERED) {
      records.countDown();
    } else if (stage == Stage.RAN) {
      try {
        records.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  @Test
  void aCanceledJobLeavesWithinAStepAndItsNeighbourGoesOn() {
    GenerationSpec spec = site.spec("neighbour", 1000, 1, 3);
    JobId neighbour = site.submit(spec);
    JobId canceled = site.submit(site.spec("long", 1000, 4, 1));
    site.awaitJob(canceled, job -> job.state() == JobState.RUNNING);
    Waiting.until(
        () -> worker.load().running() == 4 ? Optional.of(1) : Optional.empty(), worker::load);
    site.cancel(canceled);
    Job job = site.ended(canceled);

    assertEquals(JobState.CANCELED, job.state());
    assertTrue(site.objects.list(ObjectLayout.outputs(canceled)).isEmpty());
    assertEqualImages(Site.oracle(spec), site.images(site.ended(neighbour)));
  }

  @Test
  void aDrainedWorkerHandsItsJobBackUnharmed() {
    replaceByOneOfOneSlot();
    GenerationSpec spec = site.spec("handed over", 1000, 2, 5);
    JobId id = site.submit(spec);
    site.awaitJob(id, job -> job.state() == JobState.RUNNING);
    worker.close();
    assertEquals(JobState.DISPATCHED, site.jobs.find(id).orElseThrow().state());

    worker = worker("second", SLOTS);
    Job job = site.ended(id);

    assertEquals(JobState.SUCCEEDED, job.state());
    assertEquals(2, job.attempt());
    assertEqualImages(Site.oracle(spec), site.images(job));
  }

  @Test
  void aBrokenModelFailsItsJobsInOneSentence() throws IOException {
    Path broken = Files.createTempDirectory(cache, "broken");
    copy(TinyModel.folder(), broken);
    Path weights = broken.resolve("unet/diffusion_pytorch_model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    Files.write(weights, java.util.Arrays.copyOf(bytes, bytes.length / 2));
    Sha256 version = new ModelFiles(site.objects).upload(broken).id();

    Job job = site.ended(site.submit(withVersion(site.spec("x", 2, 1, 1), version)));

    assertEquals(JobState.FAILED, job.state());
    assertEquals(ErrorCode.CORRUPT_CHECKPOINT, job.error().orElseThrow().code());
    assertTrue(job.error().orElseThrow().message().contains("truncated"), job::toString);
    assertEquals(0, worker.modelBytes());
  }

  @Test
  void aSizeThatTheModelDoesNotTakeIsTheCallersError() {
    GenerationSpec spec = site.spec("x", 2, 1, 1);
    Job job =
        site.ended(
            site.submit(
                new GenerationSpec(
                    spec.model(),
                    spec.version(),
                    spec.prompt(),
                    "",
                    17,
                    16,
                    1,
                    2,
                    4,
                    spec.scheduler(),
                    1,
                    spec.outputFormat())));

    assertEquals(JobState.FAILED, job.state());
    assertEquals(ErrorCode.INVALID_INPUT, job.error().orElseThrow().code());
  }

  @Test
  void progressAndPreviewsAreTold() throws Exception {
    replaceByOneOfOneSlot();
    Queue<Event> heard = new ConcurrentLinkedQueue<>();
    try (Broadcast<Event> events =
        Broadcast.events(TestServices.kafka().bootstrapServers(), heard::add)) {
      events.ready().get(20, TimeUnit.SECONDS);
      long submitted = System.nanoTime();
      JobId id = site.submit(site.spec("told", 1000, 2, 1));
      site.ended(id);
      awaitEvent(heard, id, event -> event instanceof Event.Progress p && p.step() == 2000);
      // It is painted beside the steps, and may be told after the last of them.
      awaitEvent(heard, id, event -> event instanceof Event.Preview p && p.image().length > 100);
      long tenths = (System.nanoTime() - submitted) / Duration.ofMillis(100).toNanos();
      long told = heard.stream().filter(Event.Progress.class::isInstance).count();
      assertTrue(told <= tenths + 2, () -> "told %d times in %d tenths".formatted(told, tenths));
    }
  }

  private static void awaitEvent(Queue<Event> heard, JobId id, Predicate<Event> expected) {
    Waiting.until(
        () -> heard.stream().filter(event -> event.jobId().equals(id)).filter(expected).findFirst(),
        () -> heard);
  }

  private static GenerationSpec withScheduler(GenerationSpec spec, SchedulerName scheduler) {
    return new GenerationSpec(
        spec.model(),
        spec.version(),
        spec.prompt(),
        spec.negativePrompt(),
        spec.width(),
        spec.height(),
        spec.numOutputs(),
        spec.numInferenceSteps(),
        spec.guidanceScale(),
        scheduler,
        spec.seed(),
        spec.outputFormat());
  }

  private static GenerationSpec withVersion(GenerationSpec spec, Sha256 version) {
    return new GenerationSpec(
        spec.model(),
        version,
        spec.prompt(),
        spec.negativePrompt(),
        spec.width(),
        spec.height(),
        spec.numOutputs(),
        spec.numInferenceSteps(),
        spec.guidanceScale(),
        spec.scheduler(),
        spec.seed(),
        spec.outputFormat());
  }

  private static void assertEqualImages(List<byte[]> expected, List<byte[]> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), actual.get(i), "image " + i);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (var files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
  }
}
