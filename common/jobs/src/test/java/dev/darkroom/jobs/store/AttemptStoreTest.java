package dev.darkroom.jobs.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.Specs;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobError;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.Outcome;
import dev.darkroom.jobs.job.OutputFile;
import dev.darkroom.jobs.job.Result;
import dev.darkroom.jobs.job.Sha256;
import dev.darkroom.jobs.store.Claiming.Claim;
import dev.darkroom.jobs.store.Claiming.Ended;
import dev.darkroom.jobs.store.Claiming.Held;
import dev.darkroom.jobs.store.Claiming.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AttemptStoreTest {
  /** So long that no slow commit outlasts it; a job grows old by {@link TestDatabase#age}. */
  private static final Duration LEASE = Duration.ofHours(1);

  private static final Duration DEAD = LEASE.plusSeconds(1);
  private static final Report REPORT = new Report("line\n", Map.of("images", 1.0));
  private static final Outcome DONE =
      new Outcome.Succeeded(
          new Result.Images(
              List.of(new OutputFile(0, "outputs/x", "image/png", 3, Sha256.of("png")))));

  private TestDatabase database;

  @BeforeAll
  void create() {
    database = TestDatabase.create();
  }

  @AfterAll
  void close() {
    database.close();
  }

  @Test
  void claimsADispatchedJobOnce() {
    Release release = database.dispatched();
    Claim claim = assertInstanceOf(Claim.class, claim(release, "a"));
    assertEquals(1, claim.attempt());
    assertEquals(Specs.generation("a red apple"), claim.spec());
    Held held = assertInstanceOf(Held.class, claim(release, "b"));
    assertTrue(held.lease().compareTo(LEASE) <= 0 && held.lease().toMinutes() > 30);
    assertTrue(job(release).startedAt().isPresent());
  }

  @Test
  void doesNotClaimWhatIsNotToBeRun() {
    assertEquals(new Ended(Reason.UNKNOWN), claim(new Release(JobId.next(), 1), "a"));
    assertEquals(new Ended(Reason.SUPERSEDED), claim(new Release(database.queued(), 0), "a"));
    Release release = database.dispatched();
    assertEquals(
        new Ended(Reason.SUPERSEDED),
        claim(new Release(release.jobId(), release.number() - 1), "a"));
    database.jobs.cancel(release.jobId());
    assertEquals(new Ended(Reason.DONE), claim(release, "a"));
  }

  @Test
  void takesOverFromADeadWorkerAndFencesItOff() {
    Release release = database.dispatched();
    Claim first = (Claim) claim(release, "a");
    database.age(first.jobId(), DEAD);
    Claim second = (Claim) claim(release, "b");
    assertEquals(2, second.attempt());
    // The zombie wakes up: none of its writes matches a row.
    assertTrue(beat(first).isEmpty());
    assertFalse(database.attempts.progressSaved(first.jobId(), first.attempt(), 10));
    assertFalse(database.attempts.release(first.jobId(), first.attempt()));
    assertEquals(Optional.empty(), finish(first, DONE));
    assertEquals(
        Optional.empty(),
        database.attempts.retry(
            first.jobId(), first.attempt(), new JobError(ErrorCode.OUT_OF_DISK, "x"), REPORT));
    assertEquals(JobState.RUNNING, job(release).state());
    assertEquals(Optional.of(JobState.SUCCEEDED), finish(second, DONE));
    assertEquals(Optional.empty(), finish(second, DONE));
    assertEquals(
        1,
        database.count(
            "SELECT count(*) FROM job_attempts WHERE ending = 'lost' AND job_id = '%s'"
                .formatted(first.jobId())));
  }

  @Test
  void aHeartbeatKeepsTheLease() {
    Release release = database.dispatched();
    Claim claim = (Claim) claim(release, "a");
    database.age(claim.jobId(), DEAD);
    assertEquals(Map.of(claim.jobId(), false), beat(claim));
    assertInstanceOf(Held.class, claim(release, "b"));
    Job job = job(release);
    assertEquals(3, job.step());
    assertEquals("log of attempt 1", job.logs());
  }

  @Test
  void aHeartbeatTellsThatTheEndWasAskedFor() {
    Claim claim = database.running();
    database.jobs.cancel(claim.jobId());
    assertEquals(Map.of(claim.jobId(), true), beat(claim));
  }

  @Test
  void givesUpAJobThatKillsItsWorkersTwice() {
    Release release = database.dispatched();
    claim(release, "a");
    database.age(release.jobId(), DEAD);
    claim(release, "b");
    database.age(release.jobId(), DEAD);
    assertEquals(new Ended(Reason.GIVEN_UP), claim(release, "c"));
    Job job = job(release);
    assertEquals(JobState.FAILED, job.state());
    assertEquals(ErrorCode.WORKER_CRASHED, job.error().orElseThrow().code());
    assertEquals(2, job.attempt());
    assertEquals(1, completedWebhooks(release.jobId()));
    assertEquals(new Ended(Reason.DONE), claim(release, "c"));
  }

  @Test
  void savedProgressForgivesStrikes() {
    Release release = database.dispatched();
    claim(release, "worker");
    for (int attempt = 2; attempt < 8; attempt++) {
      database.age(release.jobId(), DEAD);
      Claim claim = (Claim) claim(release, "worker");
      assertEquals(attempt, claim.attempt());
      assertEquals((attempt - 2) * 100, claim.step());
      assertTrue(database.attempts.progressSaved(claim.jobId(), attempt, (attempt - 1) * 100));
    }
  }

  @Test
  void aReleasedJobIsClaimedAgainWithoutAStrike() {
    Release release = database.dispatched();
    for (int attempt = 1; attempt < 6; attempt++) {
      Claim claim = (Claim) claim(release, "worker");
      assertEquals(attempt, claim.attempt());
      assertTrue(database.attempts.release(claim.jobId(), claim.attempt()));
      assertEquals(JobState.DISPATCHED, job(release).state());
    }
  }

  @Test
  void aShortageIsTriedAgainFiveTimesAndThenFails() {
    Release release = database.dispatched();
    JobError error = new JobError(ErrorCode.OUT_OF_MEMORY, "the device is full");
    for (int i = 1; i < AttemptStore.MAX_RETRIES; i++) {
      Claim claim = (Claim) claim(release, "worker");
      assertEquals(
          Optional.of(JobState.DISPATCHED),
          database.attempts.retry(claim.jobId(), claim.attempt(), error, REPORT));
    }
    Claim last = (Claim) claim(release, "worker");
    assertEquals(
        Optional.of(JobState.FAILED),
        database.attempts.retry(last.jobId(), last.attempt(), error, REPORT));
    assertEquals(Optional.of(error), job(release).error());
  }

  @Test
  void endsAJobWithAllThatBelongsToIt() {
    Claim claim = database.running();
    assertEquals(Optional.of(JobState.SUCCEEDED), finish(claim, DONE));
    Job job = database.jobs.find(claim.jobId()).orElseThrow();
    assertEquals(Optional.of(((Outcome.Succeeded) DONE).result()), job.result());
    assertEquals("line\n", job.logs());
    assertEquals(Map.of("images", 1.0), job.metrics());
    assertTrue(job.completedAt().isPresent());
    assertEquals(
        List.of("completed", "output", "start"),
        new Database(database.source)
            .query(
                "SELECT event FROM webhook_deliveries WHERE job_id = ? ORDER BY event",
                row -> row.getString(1),
                claim.jobId().value()));
    assertEquals(
        List.of(JobState.DISPATCHED, JobState.RUNNING, JobState.SUCCEEDED),
        database.jobs.history(claim.jobId()).stream().map(JobStore.Change::state).toList());
  }

  @Test
  void keepsTheEndOfALongLogAndNoNul() {
    Claim claim = database.running();
    String log = "a\0b" + "x".repeat(3 * Report.MAX_LOGS) + "the end\0";
    database.attempts.finish(
        claim.jobId(),
        claim.attempt(),
        new Outcome.Failed(new JobError(ErrorCode.INTERNAL, "with a \0 in it")),
        new Report(log, Map.of()));
    Job job = database.jobs.find(claim.jobId()).orElseThrow();
    assertEquals(Report.MAX_LOGS, job.logs().length());
    assertTrue(job.logs().endsWith("the end\uFFFD"));
    assertEquals("with a \uFFFD in it", job.error().orElseThrow().message());
  }

  @Test
  void registersWhatATrainingMadeWithItsEnd() {
    ModelName mine = new ModelName("me", "mine");
    NewJob training = TestDatabase.job(Specs.training(mine));
    database.jobs.insert(training);
    Release release = database.outbox.take(JobKind.TRAINING, "default", 10).getFirst();
    Claim claim = (Claim) claim(release, "trainer");
    Result.Trained trained =
        new Result.Trained(mine, Sha256.of("manifest"), 123, Json.tree("{\"openapi\":\"3.0.2\"}"));
    assertEquals(Optional.of(JobState.SUCCEEDED), finish(claim, new Outcome.Succeeded(trained)));
    ModelVersion version = database.models.latest(mine).orElseThrow();
    assertEquals(trained.version(), version.id());
    assertEquals(Optional.of(training.id()), version.source());
    assertEquals(Optional.of(trained), job(release).result());
  }

  @Test
  void aStoredCancelBeatsALaterSuccess() {
    Claim claim = database.running();
    database.jobs.cancel(claim.jobId());
    assertEquals(Optional.of(JobState.CANCELED), finish(claim, DONE));
    assertEquals(Optional.empty(), database.jobs.find(claim.jobId()).orElseThrow().result());
  }

  @Test
  void eightWorkersClaimFiftyJobsOnceEach() throws Exception {
    try (TestDatabase own = TestDatabase.create()) {
      List<Release> releases = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        releases.add(own.dispatched());
      }
      Map<JobId, AtomicInteger> claims = new ConcurrentHashMap<>();
      race(
          8,
          worker -> {
            List<Release> order = new ArrayList<>(releases);
            Collections.shuffle(order, new Random(worker));
            for (Release release : order) {
              if (own.attempts.claim(release.jobId(), release.number(), "w" + worker, LEASE)
                  instanceof Claim) {
                claims
                    .computeIfAbsent(release.jobId(), id -> new AtomicInteger())
                    .incrementAndGet();
              }
            }
          });
      assertEquals(50, claims.size());
      claims.forEach((id, count) -> assertEquals(1, count.get(), id.value()));
    }
  }

  @Test
  void cancelAndCompletionHaveOneWinner() throws Exception {
    for (int round = 0; round < 40; round++) {
      Claim claim = database.running();
      List<Cancellation> cancellation = new ArrayList<>();
      List<Optional<JobState>> ended = new ArrayList<>();
      race(
          2,
          side -> {
            if (side == 0) {
              cancellation.add(database.jobs.cancel(claim.jobId()));
            } else {
              ended.add(finish(claim, DONE));
            }
          });
      JobState state = database.jobs.find(claim.jobId()).orElseThrow().state();
      switch (cancellation.getFirst()) {
        case REQUESTED -> assertEquals(JobState.CANCELED, state);
        case DONE_BEFORE -> assertEquals(JobState.SUCCEEDED, state);
        case CANCELED, UNKNOWN -> throw new AssertionError(cancellation.toString());
      }
      assertEquals(Optional.of(state), ended.getFirst());
      assertEquals(1, completedWebhooks(claim.jobId()));
    }
  }

  /** Whatever workers, owners and rescuers do at once, each job ends once and is told of once. */
  @Test
  void everyJobEndsOnceUnderRandomDeathsAndCancels() throws Exception {
    long seed = System.nanoTime();
    try (TestDatabase own = TestDatabase.create()) {
      List<JobId> ids = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        ids.add(own.queued());
      }
      Map<JobId, AtomicInteger> endings = new ConcurrentHashMap<>();
      Duration lease = Duration.ofMillis(40);
      race(
          6,
          side -> {
            Random random = new Random(seed + side);
            while (own.count(
                    "SELECT count(*) FROM jobs WHERE state IN ('queued', 'dispatched', 'running')")
                > 0) {
              List<Release> taken = own.outbox.take(JobKind.GENERATION, "default", 10);
              own.outbox.published(taken);
              own.outbox.rescue(
                  new Outbox.Patience(
                      Duration.ofMillis(100), Duration.ofMillis(200), Duration.ofMillis(100)));
              JobId id = ids.get(random.nextInt(ids.size()));
              long release = own.count("SELECT release FROM jobs WHERE id = '%s'".formatted(id));
              if (random.nextInt(20) == 0 && own.jobs.cancel(id) == Cancellation.CANCELED) {
                endings.computeIfAbsent(id, i -> new AtomicInteger()).incrementAndGet();
              }
              if (own.attempts.claim(id, release, "w" + side, lease) instanceof Claim claim) {
                perform(own, claim, random, endings);
              }
            }
          });
      String shown = "seed " + seed;
      for (JobId id : ids) {
        Job job = own.jobs.find(id).orElseThrow();
        assertTrue(job.state().isDone(), shown);
        assertEquals(
            1,
            own.count(
                "SELECT count(*) FROM webhook_deliveries WHERE event = 'completed' AND job_id = '%s'"
                    .formatted(id)),
            shown);
        assertEquals(
            1,
            own.jobs.history(id).stream().filter(change -> change.state().isDone()).count(),
            shown);
        AtomicInteger told = endings.get(id);
        assertTrue(told == null || told.get() == 1, shown);
      }
    }
  }

  private static void perform(
      TestDatabase own, Claim claim, Random random, Map<JobId, AtomicInteger> endings) {
    switch (random.nextInt(5)) {
      case 0 -> own.attempts.release(claim.jobId(), claim.attempt());
      case 1 -> own.attempts.progressSaved(claim.jobId(), claim.attempt(), 5);
      case 2 ->
          own.attempts.retry(
              claim.jobId(),
              claim.attempt(),
              new JobError(ErrorCode.OUT_OF_MEMORY, "full"),
              REPORT);
      default -> {
        if (own.attempts.finish(claim.jobId(), claim.attempt(), DONE, REPORT).isPresent()) {
          endings.computeIfAbsent(claim.jobId(), i -> new AtomicInteger()).incrementAndGet();
        }
      }
    }
  }

  private interface Racer {
    void run(int number) throws Exception;
  }

  private static void race(int count, Racer racer) throws Exception {
    List<Callable<Void>> racers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int number = i;
      racers.add(
          () -> {
            racer.run(number);
            return null;
          });
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(count)) {
      for (Future<Void> end : threads.invokeAll(racers)) {
        end.get();
      }
    }
  }

  private Claiming claim(Release release, String worker) {
    return database.attempts.claim(release.jobId(), release.number(), worker, LEASE);
  }

  private Map<JobId, Boolean> beat(Claim claim) {
    return database.attempts.heartbeat(
        List.of(
            new Beat(claim.jobId(), claim.attempt(), 3, 20, "log of attempt " + claim.attempt())));
  }

  private Optional<JobState> finish(Claim claim, Outcome outcome) {
    return database.attempts.finish(claim.jobId(), claim.attempt(), outcome, REPORT);
  }

  private Job job(Release release) {
    return database.jobs.find(release.jobId()).orElseThrow();
  }

  private long completedWebhooks(JobId id) {
    return database.count(
        "SELECT count(*) FROM webhook_deliveries WHERE event = 'completed' AND job_id = '%s'"
            .formatted(id));
  }
}
