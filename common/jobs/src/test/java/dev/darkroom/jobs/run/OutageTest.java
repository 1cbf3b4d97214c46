package dev.darkroom.jobs.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.Specs;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.job.Result;
import dev.darkroom.jobs.message.JobRequested;
import dev.darkroom.jobs.message.Topic;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.objects.TestObjects;
import dev.darkroom.jobs.queue.EventPublisher;
import dev.darkroom.jobs.queue.PatientPublisher;
import dev.darkroom.jobs.queue.Publisher;
import dev.darkroom.jobs.queue.Topics;
import dev.darkroom.jobs.spec.GenerationSpec;
import dev.darkroom.jobs.store.AttemptStore;
import dev.darkroom.jobs.store.JobStore;
import dev.darkroom.jobs.store.NewJob;
import dev.darkroom.jobs.store.Outbox;
import dev.darkroom.jobs.store.Release;
import dev.darkroom.jobs.store.TestDatabase;
import dev.darkroom.jobs.store.WorkerStore;
import dev.darkroom.local.embedded.EmbeddedKafka;
import dev.darkroom.local.embedded.EmbeddedPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.ds.PGSimpleDataSource;

/** Kafka and Postgres go away under a running job and come back; nobody restarts the worker. */
class OutageTest {
  private static final String PASSWORD = "secret-of-this-test-jvm";

  @TempDir Path folder;
  private final BlockingQueue<JobId> started = new LinkedBlockingQueue<>();
  private final CountDownLatch finish = new CountDownLatch(1);

  @Test
  void aRunningJobEndsAndTheNextOneRunsAfterBothRestarted() throws Exception {
    EmbeddedKafka kafka = EmbeddedKafka.start(folder.resolve("kafka"), 0);
    EmbeddedPostgres postgres = EmbeddedPostgres.start(folder.resolve("postgres"), 0, PASSWORD);
    String bootstrap = kafka.bootstrapServers();
    int kafkaPort = kafka.port();
    int postgresPort = postgres.port();
    DataSource source = source(postgres);
    try (Topics topics = new Topics(bootstrap)) {
      topics.create(Topic.DEFAULT_POOL);
    }
    JobStore jobs = new JobStore(source);
    ExecutorConfig config =
        new ExecutorConfig(
            bootstrap,
            JobKind.GENERATION,
            Topic.DEFAULT_POOL,
            "worker",
            1,
            Duration.ofSeconds(15),
            Duration.ZERO);
    try (ObjectStore objects = TestObjects.embedded();
        EventPublisher events = new EventPublisher(bootstrap);
        Publisher publisher = PatientPublisher.open(bootstrap);
        Executor<GenerationSpec> executor =
            new Executor<>(
                config,
                GenerationSpec.class,
                this::paint,
                new AttemptStore(source),
                new WorkerStore(source),
                objects,
                events,
                StageListener.NONE)) {
      JobId first = submit(source, publisher);
      assertNotNull(started.poll(60, TimeUnit.SECONDS));
      postgres.close();
      kafka.close();
      // The job ends while nobody can be told.
      finish.countDown();
      kafka = EmbeddedKafka.start(folder.resolve("kafka"), kafkaPort);
      postgres = EmbeddedPostgres.start(folder.resolve("postgres"), postgresPort, PASSWORD);
      assertEquals(JobState.SUCCEEDED, awaitEnd(jobs, first));
      assertEquals(1, jobs.find(first).orElseThrow().attempt());
      JobId second = submit(source, publisher);
      assertEquals(JobState.SUCCEEDED, awaitEnd(jobs, second));
      // The end is in the store a moment before the slot is free.
      await("the slot is free", () -> executor.running() == 0);
    } finally {
      kafka.close();
      postgres.close();
    }
  }

  private Result paint(JobContext<GenerationSpec> context) {
    started.add(context.jobId());
    try {
      assertTrue(finish.await(120, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return new Result.Images(
        List.of(context.saveOutput(0, "png", "image/png", new byte[] {1, 2, 3})));
  }

  private static DataSource source(EmbeddedPostgres postgres) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(postgres.jdbcUrl());
    source.setUser(postgres.user());
    source.setPassword(postgres.password());
    Flyway.configure().dataSource(source).load().migrate();
    return source;
  }

  private static JobId submit(DataSource source, Publisher publisher) {
    NewJob job = TestDatabase.job(Specs.generation("a red apple"));
    new JobStore(source).insert(job);
    Outbox outbox = new Outbox(source);
    for (Release release : outbox.take(JobKind.GENERATION, Topic.DEFAULT_POOL, 10)) {
      Publisher.await(
          publisher.request(
              Topic.DEFAULT_POOL,
              JobKind.GENERATION,
              JobRequested.of(JobKind.GENERATION, release.jobId(), release.number())));
      outbox.published(List.of(release));
    }
    return job.id();
  }

  private static JobState awaitEnd(JobStore jobs, JobId id) {
    await("the job ends", () -> jobs.find(id).orElseThrow().state().isDone());
    return jobs.find(id).orElseThrow().state();
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, what);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
  }
}
