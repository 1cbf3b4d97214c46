package dev.darkroom.jobs.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.Specs;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.job.OutputFile;
import dev.darkroom.jobs.job.Result;
import dev.darkroom.jobs.message.Control;
import dev.darkroom.jobs.message.Event;
import dev.darkroom.jobs.message.JobRequested;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.objects.TestObjects;
import dev.darkroom.jobs.queue.Broadcast;
import dev.darkroom.jobs.queue.EventPublisher;
import dev.darkroom.jobs.queue.PatientPublisher;
import dev.darkroom.jobs.queue.Publisher;
import dev.darkroom.jobs.queue.Topics;
import dev.darkroom.jobs.spec.GenerationSpec;
import dev.darkroom.jobs.store.Job;
import dev.darkroom.jobs.store.NewJob;
import dev.darkroom.jobs.store.Release;
import dev.darkroom.jobs.store.TestDatabase;
import dev.darkroom.local.embedded.TestServices;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The whole way of a job over real Kafka, Postgres and S3. */
class ExecutorTest {
  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  private static final AtomicInteger POOLS = new AtomicInteger();

  private final List<AutoCloseable> open = new ArrayList<>();
  private final BlockingQueue<JobContext<GenerationSpec>> started = new LinkedBlockingQueue<>();
  private final CountDownLatch finish = new CountDownLatch(1);
  private final String bootstrap = TestServices.kafka().bootstrapServers();
  private final String pool = "run-" + POOLS.incrementAndGet();
  private TestDatabase database;
  private ObjectStore objects;
  private EventPublisher events;
  private Publisher publisher;

  @BeforeEach
  void create() {
    database = opened(TestDatabase.create());
    try (Topics topics = new Topics(bootstrap)) {
      topics.create(pool);
    }
    objects = opened(TestObjects.embedded());
    events = opened(new EventPublisher(bootstrap));
    publisher = opened(PatientPublisher.open(bootstrap));
  }

  @AfterEach
  void closeAll() throws Exception {
    finish.countDown();
    for (AutoCloseable closeable : open.reversed()) {
      closeable.close();
    }
  }

  @Test
  void takesAJobFromItsRecordToItsResult() throws Exception {
    BlockingQueue<Event> heard = new LinkedBlockingQueue<>();
    Broadcast<Event> listener = opened(Broadcast.events(bootstrap, heard::add));
    listener.ready().get(60, TimeUnit.SECONDS);
    // An executor waits only so long for it, and what is told before is dropped.
    events.ready().get(60, TimeUnit.SECONDS);
    executor("w", 1, this::paint, StageListener.NONE);
    JobId id = submit();
    Job job = awaitEnd(id);
    assertEquals(JobState.SUCCEEDED, job.state());
    Result.Images images = (Result.Images) job.result().orElseThrow();
    OutputFile file = images.files().getFirst();
    byte[] bytes = objects.get(file.key(), file.sha256(), 100);
    assertEquals("a red apple", new String(bytes, StandardCharsets.UTF_8));
    assertTrue(job.logs().matches("painting\n100%\\|.+?\\| 20/20\n"), job.logs());
    assertEquals(Map.of("answer", 42.0), job.metrics());
    List<String> told = new ArrayList<>();
    while (told.size() < 6) {
      Event event = heard.poll(20, TimeUnit.SECONDS);
      assertNotNull(event, "after %s, %d dropped".formatted(told, events.dropped()));
      if (event.jobId().equals(id)) {
        told.add(event.getClass().getSimpleName());
      }
    }
    assertEquals(
        List.of("StateChanged", "LogLine", "Progress", "Preview", "OutputReady", "StateChanged"),
        told);
  }

  @Test
  void endsAJobByTheKindOfItsError() {
    AtomicInteger runs = new AtomicInteger();
    executor(
        "w",
        1,
        context ->
            switch (runs.getAndIncrement()) {
              case 0 -> throw new DarkroomException(ErrorCode.INVALID_INPUT, "no such size");
              case 1 -> throw new IllegalStateException("a defect");
              case 2 -> throw new OutOfMemoryError("the device");
              default -> paint(context);
            },
        StageListener.NONE);
    Job bad = awaitEnd(submit());
    assertEquals(ErrorCode.INVALID_INPUT, bad.error().orElseThrow().code());
    assertEquals("no such size", bad.error().orElseThrow().message());
    Job defect = awaitEnd(submit());
    assertEquals(ErrorCode.INTERNAL, defect.error().orElseThrow().code());
    // A shortage passes: the same job succeeds on its next attempt.
    Job shortage = awaitEnd(submit());
    assertEquals(JobState.SUCCEEDED, shortage.state());
    assertEquals(2, shortage.attempt());
  }

  @Test
  void cancelsARunningJobByTheControlTopic() throws Exception {
    // A lease so long that no heartbeat could have told.
    executor("w", 1, this::untilStopped, StageListener.NONE, Duration.ofHours(1));
    JobId id = submit();
    JobContext<GenerationSpec> running = started.poll(30, TimeUnit.SECONDS);
    assertNotNull(running);
    database.jobs.cancel(id);
    tellToStop(running);
    assertEquals(JobState.CANCELED, awaitEnd(id).state());
  }

  /**
   * Again and again: an executor waits only so long to begin to listen, and hears nothing older.
   */
  private void tellToStop(JobContext<GenerationSpec> running) {
    CompletableFuture<StopReason> stopped = running.stopped();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!stopped.isDone()) {
      assertTrue(System.nanoTime() < deadline, "the job hears that it is to stop");
      Publisher.await(publisher.control(new Control.CancelRequested(running.jobId())));
      stopped.copy().completeOnTimeout(StopReason.CANCELED, 1, TimeUnit.SECONDS).join();
    }
  }

  @Test
  void cancelsARunningJobByItsHeartbeatWhereTheControlRecordWasLost() throws Exception {
    executor("w", 1, this::untilStopped, StageListener.NONE);
    JobId id = submit();
    assertNotNull(started.poll(30, TimeUnit.SECONDS));
    database.jobs.cancel(id);
    assertEquals(JobState.CANCELED, awaitEnd(id).state());
  }

  @Test
  void handsARunningJobOverWhenItShutsDown() throws Exception {
    Executor<GenerationSpec> first = executor("first", 2, this::untilStopped, StageListener.NONE);
    JobId id = submit();
    assertNotNull(started.poll(30, TimeUnit.SECONDS));
    first.close();
    assertEquals(JobState.DISPATCHED, database.jobs.find(id).orElseThrow().state());
    executor("second", 1, this::paint, StageListener.NONE);
    Job job = awaitEnd(id);
    assertEquals(JobState.SUCCEEDED, job.state());
    assertEquals(2, job.attempt());
    assertEquals(0, database.count("SELECT strikes FROM jobs WHERE id = '%s'".formatted(id)));
  }

  @Test
  void letsRunningJobsEndWithinTheGrace() throws Exception {
    ExecutorConfig config =
        new ExecutorConfig(
            bootstrap, JobKind.GENERATION, pool, "w", 1, LEASE, Duration.ofSeconds(30));
    Executor<GenerationSpec> executor = executor(config, this::untilFinished, StageListener.NONE);
    JobId id = submit();
    assertNotNull(started.poll(30, TimeUnit.SECONDS));
    Thread closing = Thread.ofVirtual().start(executor::close);
    finish.countDown();
    closing.join();
    assertEquals(JobState.SUCCEEDED, database.jobs.find(id).orElseThrow().state());
  }

  @Test
  void holdsASecondRecordOfARunningJobUntilItsEndAndThenDropsIt() throws Exception {
    AtomicInteger runs = new AtomicInteger();
    // Five heartbeats long: a slow commit does not let it run out.
    Duration lease = Duration.ofSeconds(10);
    executor(
        "w",
        2,
        context -> {
          runs.incrementAndGet();
          return untilFinished(context);
        },
        StageListener.NONE,
        lease);
    JobId id = submit();
    assertNotNull(started.poll(30, TimeUnit.SECONDS));
    request(new Release(id, 1));
    // Longer than the lease: the heartbeat keeps it from being taken over.
    await(
        () -> "heartbeats beyond the lease",
        () -> {
          assertNull(started.poll());
          return heldMillis(id) > lease.toMillis();
        });
    finish.countDown();
    assertEquals(JobState.SUCCEEDED, awaitEnd(id).state());
    awaitEnd(submit());
    assertEquals(2, runs.get());
    assertEquals(1, database.jobs.find(id).orElseThrow().attempt());
  }

  @Test
  void dropsTheWorkOfAJobThatWasTakenOver() throws Exception {
    executor("zombie", 1, this::untilStopped, StageListener.NONE);
    JobId id = submit();
    JobContext<GenerationSpec> zombie = started.poll(30, TimeUnit.SECONDS);
    assertNotNull(zombie);
    // As if it had been frozen beyond its lease and another worker, who lives, ran the job now.
    database.execute(
        """
        UPDATE jobs SET state = 'running', attempt = 9, heartbeat_at = now() + interval '1 hour'
         WHERE id = '%s'"""
            .formatted(id));
    assertEquals(StopReason.FENCED, zombie.stopped().get(20, TimeUnit.SECONDS));
    Job job = database.jobs.find(id).orElseThrow();
    assertEquals(JobState.RUNNING, job.state());
    assertEquals(9, job.attempt());
  }

  @Test
  void losesNothingWhenAThreadDiesAtAnyStage() throws Exception {
    for (Stage stage : Stage.values()) {
      CountDownLatch died = new CountDownLatch(1);
      Executor<GenerationSpec> dying =
          executor(
              "dying-" + stage,
              1,
              this::paint,
              (id, reached) -> {
                if (reached == stage && died.getCount() > 0) {
                  died.countDown();
                  throw new IllegalStateException("dies after " + stage);
                }
              });
      JobId id = submit();
      assertTrue(died.await(30, TimeUnit.SECONDS), stage.name());
      Job job = awaitEnd(id);
      dying.close();
      assertEquals(JobState.SUCCEEDED, job.state(), stage.name());
      assertEquals(1, completions(id), stage.name());
    }
  }

  @Test
  void tellsThatItIsThereAndThatItLeaves() {
    Executor<GenerationSpec> executor = executor("present", 3, this::paint, StageListener.NONE);
    awaitEnd(submit());
    // The heartbeats tell it, on a thread of their own.
    await(() -> "three slots", () -> database.workers.slots(JobKind.GENERATION, pool) == 3);
    executor.close();
    assertEquals(0, database.workers.slots(JobKind.GENERATION, pool));
  }

  private Result paint(JobContext<GenerationSpec> context) {
    context.log("painting");
    context.progress(20, 20);
    context.preview(0, 20, "image/png", new byte[] {1});
    context.measure("answer", 42);
    byte[] bytes = context.spec().prompt().getBytes(StandardCharsets.UTF_8);
    return new Result.Images(List.of(context.saveOutput(0, "png", "image/png", bytes)));
  }

  private Result untilFinished(JobContext<GenerationSpec> context) {
    started.add(context);
    try {
      assertTrue(finish.await(60, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return paint(context);
  }

  private Result untilStopped(JobContext<GenerationSpec> context) {
    started.add(context);
    context.stopped().orTimeout(60, TimeUnit.SECONDS).join();
    context.checkStop();
    throw new AssertionError("stopped without a reason");
  }

  private Executor<GenerationSpec> executor(
      String name, int slots, JobRunner<GenerationSpec> runner, StageListener stages) {
    return executor(name, slots, runner, stages, LEASE);
  }

  private Executor<GenerationSpec> executor(
      String name,
      int slots,
      JobRunner<GenerationSpec> runner,
      StageListener stages,
      Duration lease) {
    ExecutorConfig config =
        new ExecutorConfig(bootstrap, JobKind.GENERATION, pool, name, slots, lease, Duration.ZERO);
    return executor(config, runner, stages);
  }

  private Executor<GenerationSpec> executor(
      ExecutorConfig config, JobRunner<GenerationSpec> runner, StageListener stages) {
    return opened(
        new Executor<>(
            config,
            GenerationSpec.class,
            runner,
            database.attempts,
            database.workers,
            objects,
            events,
            stages));
  }

  private JobId submit() {
    NewJob job = TestDatabase.job(Specs.generation("a red apple"));
    NewJob pooled =
        new NewJob(
            job.id(),
            job.tenant(),
            pool,
            job.priority(),
            job.spec(),
            job.input(),
            job.source(),
            job.webhook(),
            job.idempotencyKey(),
            job.cancelAfter());
    database.jobs.insert(pooled);
    List<Release> releases = database.outbox.take(JobKind.GENERATION, pool, 100);
    releases.forEach(this::request);
    database.outbox.published(releases);
    return job.id();
  }

  private void request(Release release) {
    Publisher.await(
        publisher.request(
            pool,
            JobKind.GENERATION,
            JobRequested.of(JobKind.GENERATION, release.jobId(), release.number())));
  }

  private Job awaitEnd(JobId id) {
    await(
        () -> "the job ends: " + database.jobs.find(id),
        () -> database.jobs.find(id).orElseThrow().state().isDone());
    return database.jobs.find(id).orElseThrow();
  }

  private static void await(Supplier<String> what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, what);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  /** How long a job's worker has given signs of life. */
  private long heldMillis(JobId id) {
    return database.count(
        """
        SELECT (extract(epoch FROM heartbeat_at - started_at) * 1000)::bigint FROM jobs
         WHERE id = '%s'"""
            .formatted(id));
  }

  private long completions(JobId id) {
    long webhooks =
        database.count(
            "SELECT count(*) FROM webhook_deliveries WHERE event = 'completed' AND job_id = '%s'"
                .formatted(id));
    long ends = database.jobs.history(id).stream().filter(c -> c.state().isDone()).count();
    return Math.max(webhooks, ends);
  }

  private <T extends AutoCloseable> T opened(T closeable) {
    open.add(closeable);
    return closeable;
  }
}
