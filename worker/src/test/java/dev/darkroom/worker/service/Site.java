package dev.darkroom.worker.service;

import ai.djl.Device;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.image.ImageFormat;
import dev.darkroom.diffusion.pipeline.Precision;
import dev.darkroom.diffusion.pipeline.Progress;
import dev.darkroom.diffusion.pipeline.Seed;
import dev.darkroom.diffusion.pipeline.StableDiffusionPipeline;
import dev.darkroom.diffusion.pipeline.TextToImage;
import dev.darkroom.diffusion.sampler.SamplerType;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.OutputFile;
import dev.darkroom.jobs.job.Result;
import dev.darkroom.jobs.job.Sha256;
import dev.darkroom.jobs.message.Control;
import dev.darkroom.jobs.message.JobRequested;
import dev.darkroom.jobs.objects.ModelFiles;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.objects.ObjectStoreConfig;
import dev.darkroom.jobs.queue.Publisher;
import dev.darkroom.jobs.queue.Topics;
import dev.darkroom.jobs.spec.GenerationSpec;
import dev.darkroom.jobs.spec.OutputFormat;
import dev.darkroom.jobs.spec.SchedulerName;
import dev.darkroom.jobs.store.Job;
import dev.darkroom.jobs.store.JobStore;
import dev.darkroom.jobs.store.NewJob;
import dev.darkroom.jobs.store.Outbox;
import dev.darkroom.jobs.store.Release;
import dev.darkroom.local.embedded.TestServices;
import dev.darkroom.worker.model.TinyModel;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * All that a worker has around it, real, and for one test alone: a database, a pool of its own, and
 * the tiny model in the object store. It also stands in for the gateway: it stores jobs and hands
 * their records to Kafka.
 */
final class Site implements AutoCloseable {
  static final ModelName MODEL = new ModelName("darkroom", "tiny");
  static final int SIDE = 16;
  static final Duration LEASE = Duration.ofSeconds(2);

  private static final AtomicInteger POOLS = new AtomicInteger();

  final String databaseUrl = TestServices.postgres().freshDatabase();
  final String pool = "test-" + POOLS.incrementAndGet();
  final DataSource database = database(databaseUrl);
  final ObjectStore objects = objects();
  final JobStore jobs = new JobStore(database);
  final Outbox outbox = new Outbox(database);
  final Publisher publisher = new Publisher(TestServices.kafka().bootstrapServers());
  final Sha256 version;

  Site() {
    Flyway.configure().dataSource(database).load().migrate();
    try (Topics topics = new Topics(TestServices.kafka().bootstrapServers())) {
      topics.create(pool);
    }
    version = new ModelFiles(objects).upload(TinyModel.folder()).id();
  }

  static DataSource database(String url) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(url);
    source.setUser(TestServices.postgres().user());
    source.setPassword(TestServices.postgres().password());
    return source;
  }

  private static ObjectStore objects() {
    var s3 = TestServices.s3();
    URI endpoint = URI.create(s3.endpoint());
    return new ObjectStore(
        new ObjectStoreConfig(
            endpoint, endpoint, s3.accessKey(), s3.secretKey(), s3.bucket(), s3.region()));
  }

  WorkerSettings settings(String name, Path cache, int slots, Duration lease) {
    return new WorkerSettings(
        TestServices.kafka().bootstrapServers(),
        name,
        pool,
        slots,
        2,
        lease,
        Duration.ZERO,
        Device.cpu(),
        Precision.FLOAT32,
        1 << 30,
        cache,
        1 << 30);
  }

  GenerationSpec spec(String prompt, int steps, int outputs, long seed) {
    return new GenerationSpec(
        MODEL,
        version,
        prompt,
        "blurry",
        SIDE,
        SIDE,
        outputs,
        steps,
        4,
        SchedulerName.DPMPP_2M,
        seed,
        OutputFormat.PNG);
  }

  /** Stores a job and hands its record to Kafka. */
  JobId submit(GenerationSpec spec) {
    NewJob job =
        new NewJob(
            JobId.next(),
            "default",
            pool,
            0,
            spec,
            Json.tree("{}"),
            "api",
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    jobs.insert(job);
    dispatch();
    return job.id();
  }

  /** Hands the records of all waiting jobs to Kafka. */
  List<Release> dispatch() {
    List<Release> releases = outbox.take(JobKind.GENERATION, pool, 1000);
    releases.forEach(this::publish);
    outbox.published(releases);
    return releases;
  }

  void publish(Release release) {
    Publisher.await(
        publisher.request(
            pool,
            JobKind.GENERATION,
            JobRequested.of(JobKind.GENERATION, release.jobId(), release.number())));
  }

  /** As the gateway does it: in the job's row, and by a record to the worker that runs it. */
  void cancel(JobId id) {
    jobs.cancel(id);
    Publisher.await(publisher.control(new Control.CancelRequested(id)));
  }

  /** The job once it has ended. */
  Job ended(JobId id) {
    return awaitJob(id, job -> job.state().isDone());
  }

  /** The job once it is as expected. */
  Job awaitJob(JobId id, Predicate<Job> expected) {
    return Waiting.until(
        () -> {
          Job job = jobs.find(id).orElseThrow();
          return expected.test(job) ? Optional.of(job) : Optional.empty();
        },
        () -> jobs.find(id).orElseThrow());
  }

  /** The bytes of a job's images, each as its record says it is. */
  List<byte[]> images(Job job) {
    if (!(job.result().orElseThrow() instanceof Result.Images(List<OutputFile> files))) {
      throw new AssertionError("expected images, got " + job);
    }
    return files.stream().map(f -> objects.get(f.key(), f.sha256(), 1 << 20)).toList();
  }

  /** What the straight-line pipeline makes of a spec, each image alone. */
  static List<byte[]> oracle(GenerationSpec spec) {
    try (StableDiffusionPipeline pipeline =
        StableDiffusionPipeline.load(TinyModel.folder(), Device.cpu())) {
      TextToImage request =
          new TextToImage(
              spec.prompt(),
              spec.negativePrompt(),
              spec.width(),
              spec.height(),
              SamplerType.parse(spec.scheduler().shortName()),
              spec.numInferenceSteps(),
              new ClassifierFreeGuidance(spec.guidanceScale(), 0),
              0);
      return java.util.stream.IntStream.range(0, spec.numOutputs())
          .mapToObj(i -> Seed.of(spec.seed() + i))
          .map(
              noise ->
                  pipeline.generate(request, List.of(noise), Progress.SILENT).getFirst().image())
          .map(ImageFormat.PNG::encode)
          .toList();
    }
  }

  /** How often the job came to a state. */
  long times(JobId id, JobState state) {
    return jobs.history(id).stream().filter(change -> change.state() == state).count();
  }

  @Override
  public void close() {
    publisher.close();
    objects.close();
  }
}
