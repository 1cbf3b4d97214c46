package dev.darkroom.jobs.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.Specs;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.store.Claiming.Claim;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OutboxTest {
  private static final Duration LEASE = Duration.ofSeconds(15);

  private TestDatabase database;

  @BeforeEach
  void create() {
    database = TestDatabase.create();
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void releasesByPriorityThenAgeAndNoMoreThanTheWindow() {
    JobId first = insert(0);
    JobId second = insert(0);
    JobId urgent = insert(5);
    JobId third = insert(0);
    assertEquals(List.of(urgent, first), ids(take(2)));
    assertEquals(List.of(), take(2));
    // A claim makes room for one more.
    Release claimed = new Release(urgent, 1);
    database.attempts.claim(claimed.jobId(), claimed.number(), "w", LEASE);
    assertEquals(List.of(second), ids(take(2)));
    assertEquals(List.of(third), ids(take(10)));
    assertEquals(
        Map.of(JobState.DISPATCHED, 3L, JobState.RUNNING, 1L),
        database.outbox.depth(JobKind.GENERATION, "default"));
  }

  /** Looks come hundreds of times a second while jobs pour in; each read the whole queue once. */
  @Test
  void aLookAtAFullWindowDoesNotReadTheQueue() {
    // Postgres plans a statement for good when it has run some times: here, while nothing waits.
    for (int i = 0; i < 20; i++) {
      assertEquals(List.of(), take(4));
    }
    database.jobs.insertAll(
        Stream.generate(() -> TestDatabase.job(Specs.generation("x"))).limit(5_000).toList());
    assertEquals(4, take(4).size());
    long scans = readOfJobs("seq_scan + idx_scan");
    long rows = readOfJobs("seq_tup_read + idx_tup_fetch");
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    // Postgres tells what was read about a second late.
    while (readOfJobs("seq_scan + idx_scan") < scans + 100) {
      assertEquals(List.of(), take(4));
      assertTrue(System.nanoTime() < end, "Postgres told of no scan");
    }
    double rowsOfALook =
        (double) (readOfJobs("seq_tup_read + idx_tup_fetch") - rows)
            / (readOfJobs("seq_scan + idx_scan") - scans);
    assertTrue(rowsOfALook < 50, "rows read by a look: " + rowsOfALook);
  }

  private long readOfJobs(String statistic) {
    return database.count(
        "SELECT %s FROM pg_stat_user_tables WHERE relname = 'jobs'".formatted(statistic));
  }

  @Test
  void keepsKindsApart() {
    insert(0);
    database.jobs.insert(TestDatabase.job(Specs.training(Specs.MODEL)));
    assertEquals(1, database.outbox.take(JobKind.TRAINING, "default", 10).size());
    assertEquals(0, database.outbox.take(JobKind.GENERATION, "other", 10).size());
    assertEquals(1, take(10).size());
  }

  @Test
  void twoGatewaysReleaseEachJobOnce() throws Exception {
    for (int i = 0; i < 60; i++) {
      insert(0);
    }
    BlockingQueue<Release> released = new LinkedBlockingQueue<>();
    List<Thread> gateways = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      gateways.add(
          Thread.ofVirtual()
              .start(
                  () -> {
                    for (int round = 1; round <= 6; round++) {
                      released.addAll(take(round * 10));
                    }
                  }));
    }
    for (Thread gateway : gateways) {
      gateway.join();
    }
    assertEquals(60, released.size());
    assertEquals(60, released.stream().map(Release::jobId).distinct().count());
  }

  @Test
  void queuesAgainWhatWasNeverConfirmed() {
    JobId lost = insert(0);
    JobId sent = insert(0);
    List<Release> releases = take(10);
    database.outbox.published(List.of(releases.get(1)));
    Outbox.Patience patience =
        new Outbox.Patience(Duration.ZERO, Duration.ofHours(1), Duration.ofHours(1));
    assertEquals(Map.of(lost, JobState.QUEUED), database.outbox.rescue(patience));
    assertEquals(List.of(new Release(lost, 2)), take(10));
    assertEquals(JobState.DISPATCHED, database.jobs.find(sent).orElseThrow().state());
  }

  @Test
  void queuesAgainWhatKafkaRefused() {
    JobId id = insert(0);
    List<Release> releases = take(10);
    database.outbox.refused(releases);
    assertEquals(JobState.QUEUED, database.jobs.find(id).orElseThrow().state());
    assertEquals(List.of(new Release(id, 2)), take(10));
    // A late refusal of the first release does not undo the second.
    database.outbox.refused(releases);
    assertEquals(JobState.DISPATCHED, database.jobs.find(id).orElseThrow().state());
  }

  @Test
  void queuesAgainWhatNobodyClaimedBecauseTheTopicWasWiped() {
    JobId id = insert(0);
    List<Release> first = take(10);
    database.outbox.published(first);
    Outbox.Patience patience =
        new Outbox.Patience(Duration.ofHours(1), Duration.ZERO, Duration.ofHours(1));
    assertEquals(Map.of(id, JobState.QUEUED), database.outbox.rescue(patience));
    Release second = take(10).getFirst();
    // The old record turns up after all: it is dropped, the new one runs.
    assertEquals(
        new Claiming.Ended(Claiming.Reason.SUPERSEDED),
        database.attempts.claim(id, first.getFirst().number(), "w", LEASE));
    assertTrue(database.attempts.claim(id, second.number(), "w", LEASE) instanceof Claim);
  }

  @Test
  void rescuesASilentJobOnceAndThenGivesItUp() {
    Claim claim = database.running();
    Outbox.Patience patience =
        new Outbox.Patience(Duration.ofHours(1), Duration.ofHours(1), Duration.ofSeconds(60));
    assertEquals(Map.of(), database.outbox.rescue(patience));
    database.age(claim.jobId(), Duration.ofSeconds(61));
    assertEquals(Map.of(claim.jobId(), JobState.QUEUED), database.outbox.rescue(patience));
    Release again = take(10).getFirst();
    database.attempts.claim(again.jobId(), again.number(), "w", LEASE);
    database.age(claim.jobId(), Duration.ofSeconds(61));
    assertEquals(Map.of(claim.jobId(), JobState.FAILED), database.outbox.rescue(patience));
    assertEquals(
        ErrorCode.WORKER_CRASHED,
        database.jobs.find(claim.jobId()).orElseThrow().error().orElseThrow().code());
  }

  @Test
  void endsASilentJobWhoseCancelIsStored() {
    Claim claim = database.running();
    database.jobs.cancel(claim.jobId());
    database.age(claim.jobId(), Duration.ofSeconds(61));
    assertEquals(
        Map.of(claim.jobId(), JobState.CANCELED), database.outbox.rescue(Outbox.Patience.STANDARD));
  }

  @Test
  void anInsertWakesTheDispatcher() throws InterruptedException {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    try (Signals signals =
        new Signals(database.source, Map.of(Signals.JOBS, heard::add, Signals.WEBHOOKS, w -> {}))) {
      // Connected.
      assertEquals("", heard.poll(60, TimeUnit.SECONDS));
      insert(0);
      assertEquals("generation.default", heard.poll(60, TimeUnit.SECONDS));
      // A broken connection is made anew, and said so.
      database.execute(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
              + " WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()");
      assertEquals("", heard.poll(60, TimeUnit.SECONDS));
      insert(0);
      assertEquals("generation.default", heard.poll(60, TimeUnit.SECONDS));
    }
  }

  @Test
  void countsTheSlotsOfThoseWhoAreThere() {
    database.workers.beat("w1", JobKind.GENERATION, "default", 8, 0);
    database.workers.beat("w1", JobKind.GENERATION, "default", 8, 3);
    database.workers.beat("w2", JobKind.GENERATION, "default", 4, 0);
    database.workers.beat("t1", JobKind.TRAINING, "default", 1, 0);
    // A beat counts for some seconds, which a slow database may take for the next statements.
    database.execute("UPDATE workers SET seen_at = now() + interval '1 hour'");
    assertEquals(12, database.workers.slots(JobKind.GENERATION, "default"));
    database.execute("UPDATE workers SET seen_at = now() - interval '10 s' WHERE name = 'w1'");
    assertEquals(4, database.workers.slots(JobKind.GENERATION, "default"));
    database.workers.leave("w2");
    assertEquals(0, database.workers.slots(JobKind.GENERATION, "default"));
    assertEquals(List.of("t1"), database.workers.present().stream().map(Worker::name).toList());
  }

  private JobId insert(int priority) {
    NewJob job = TestDatabase.job(Specs.generation("x"));
    NewJob prioritised =
        new NewJob(
            job.id(),
            job.tenant(),
            job.pool(),
            priority,
            job.spec(),
            job.input(),
            job.source(),
            job.webhook(),
            job.idempotencyKey(),
            job.cancelAfter());
    database.jobs.insert(prioritised);
    return job.id();
  }

  private List<Release> take(int window) {
    return database.outbox.take(JobKind.GENERATION, "default", window);
  }

  private static List<JobId> ids(List<Release> releases) {
    return releases.stream().map(Release::jobId).toList();
  }
}
