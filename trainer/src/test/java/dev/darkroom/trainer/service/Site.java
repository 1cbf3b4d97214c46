package dev.darkroom.trainer.service;

import ai.djl.Device;
import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.Result;
import dev.darkroom.jobs.job.Sha256;
import dev.darkroom.jobs.message.JobRequested;
import dev.darkroom.jobs.objects.Manifest;
import dev.darkroom.jobs.objects.ModelFiles;
import dev.darkroom.jobs.objects.ObjectInfo;
import dev.darkroom.jobs.objects.ObjectLayout;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.objects.ObjectStoreConfig;
import dev.darkroom.jobs.objects.StoredObject;
import dev.darkroom.jobs.queue.Publisher;
import dev.darkroom.jobs.queue.Topics;
import dev.darkroom.jobs.spec.Dataset;
import dev.darkroom.jobs.spec.LearningRateSchedule;
import dev.darkroom.jobs.spec.MixedPrecision;
import dev.darkroom.jobs.spec.Recipe;
import dev.darkroom.jobs.spec.TrainingSpec;
import dev.darkroom.jobs.store.Job;
import dev.darkroom.jobs.store.JobStore;
import dev.darkroom.jobs.store.ModelRegistry;
import dev.darkroom.jobs.store.NewJob;
import dev.darkroom.jobs.store.Outbox;
import dev.darkroom.jobs.store.Release;
import dev.darkroom.local.embedded.TestServices;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * All that a trainer has around it, real, and for one test alone: a database, a pool of its own,
 * and the tiny model in the registry. It also stands in for the gateway: it stores jobs and hands
 * their records to Kafka.
 */
final class Site implements AutoCloseable {
  static final ModelName MODEL = new ModelName("darkroom", "tiny");
  static final ModelName TRAINED = new ModelName("darkroom", "tuned");
  static final Path TINY =
      Path.of("../common/diffusion/src/test/resources/pipelines/tiny").toAbsolutePath().normalize();
  static final Duration LEASE = Duration.ofSeconds(2);

  private static final int SIDE = 32;
  private static final AtomicInteger POOLS = new AtomicInteger();

  final String databaseUrl = TestServices.postgres().freshDatabase();
  final String pool = "trainers-" + POOLS.incrementAndGet();
  final DataSource database = database(databaseUrl);
  final ObjectStore objects = objects();
  final JobStore jobs = new JobStore(database);
  final ModelRegistry registry = new ModelRegistry(database);
  final ModelFiles files = new ModelFiles(objects);
  final Sha256 base;
  private final Outbox outbox = new Outbox(database);
  private final Publisher publisher = new Publisher(TestServices.kafka().bootstrapServers());

  Site() {
    Flyway.configure().dataSource(database).load().migrate();
    try (Topics topics = new Topics(TestServices.kafka().bootstrapServers())) {
      topics.create(pool);
    }
    Manifest manifest = files.upload(TINY);
    base = manifest.id();
    JsonNode schema = Json.tree("{\"openapi\":\"3.0.2\"}");
    registry.register(MODEL, "default", base, schema, manifest.size());
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

  TrainerSettings settings(String name, Path cache) {
    return new TrainerSettings(
        TestServices.kafka().bootstrapServers(),
        name,
        pool,
        LEASE,
        Device.cpu(),
        1,
        cache,
        1 << 30);
  }

  /** Four squares of one colour each, and what they are called. */
  static Map<String, byte[]> pictures() {
    Map<String, byte[]> files = new LinkedHashMap<>();
    StringBuilder metadata = new StringBuilder();
    Map<String, Color> colours =
        Map.of("red", Color.RED, "green", Color.GREEN, "blue", Color.BLUE, "yellow", Color.YELLOW);
    colours.keySet().stream()
        .sorted()
        .forEach(
            name -> {
              files.put(name + ".png", png(colours.get(name)));
              metadata.append(
                  "{\"file_name\": \"%s.png\", \"text\": \"a %s picture\"}\n"
                      .formatted(name, name));
            });
    files.put("metadata.jsonl", metadata.toString().getBytes(StandardCharsets.UTF_8));
    return files;
  }

  private static byte[] png(Color colour) {
    BufferedImage image = new BufferedImage(40, 36, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(colour);
    graphics.fillRect(0, 0, 40, 36);
    graphics.dispose();
    try (ByteArrayOutputStream out = new ByteArrayOutputStream()) {
      ImageIO.write(image, "png", out);
      return out.toByteArray();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  static byte[] zip(Map<String, byte[]> files) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        zip.putNextEntry(new ZipEntry(file.getKey()));
        zip.write(file.getValue());
        zip.closeEntry();
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  TrainingSpec spec(Recipe recipe, int steps, int checkpointingSteps, byte[] archive) {
    StoredObject stored =
        objects.put(ObjectLayout.file(JobId.next().value()), archive, "application/zip");
    return new TrainingSpec(
        MODEL,
        base,
        TRAINED,
        recipe,
        new Dataset(stored.key(), stored.size(), stored.sha256()),
        steps,
        2,
        1,
        SIDE,
        1e-3,
        LearningRateSchedule.COSINE,
        2,
        1,
        0.9,
        0.2,
        5.0,
        MixedPrecision.NO,
        null,
        checkpointingSteps,
        steps,
        List.of("a red picture"),
        7);
  }

  /** Stores a job and hands its record to Kafka. */
  JobId submit(TrainingSpec spec) {
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
    List<Release> releases = outbox.take(JobKind.TRAINING, pool, 1000);
    for (Release release : releases) {
      Publisher.await(
          publisher.request(
              pool,
              JobKind.TRAINING,
              JobRequested.of(JobKind.TRAINING, release.jobId(), release.number())));
    }
    outbox.published(releases);
    return job.id();
  }

  /** The job once it has ended. */
  Job ended(JobId id) {
    return awaitJob(id, job -> job.state().isDone());
  }

  /** The job once it is as expected. */
  Job awaitJob(JobId id, Predicate<Job> expected) {
    return Waiting.until(() -> jobs.find(id).filter(expected), () -> jobs.find(id).orElseThrow());
  }

  /** The manifests of the job's checkpoints, once there are so many. */
  List<String> awaitCheckpoints(JobId id, int count) {
    return Waiting.until(
        () -> Optional.of(checkpoints(id)).filter(found -> found.size() >= count),
        () -> jobs.find(id).orElseThrow());
  }

  List<String> checkpoints(JobId id) {
    return objects.list(ObjectLayout.checkpoints(id)).stream()
        .map(ObjectInfo::key)
        .filter(key -> key.endsWith("/manifest.json"))
        .sorted()
        .toList();
  }

  /** The version that a training registered. */
  Sha256 version(Job job) {
    if (job.result().orElseThrow(() -> new AssertionError(job.toString()))
        instanceof Result.Trained trained) {
      return registry.version(TRAINED, trained.version()).orElseThrow().id();
    }
    throw new AssertionError("expected a version, got " + job);
  }

  @Override
  public void close() {
    publisher.close();
    objects.close();
  }
}
