package dev.darkroom.jobs.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.Specs;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.job.Outcome;
import dev.darkroom.jobs.job.Result;
import dev.darkroom.jobs.job.Sha256;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.postgresql.ds.PGSimpleDataSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JobStoreTest {
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
  void givesBackWhatWasStored() {
    NewJob job = TestDatabase.job(Specs.generation("größer ✓ \"quoted\" \\ 🍎"));
    assertInstanceOf(Inserted.Created.class, database.jobs.insert(job));
    Job stored = database.jobs.find(job.id()).orElseThrow();
    assertEquals(JobState.QUEUED, stored.state());
    assertEquals(job.spec(), stored.spec());
    assertEquals(job.input(), stored.input());
    assertEquals(job.webhook(), stored.webhook());
    assertEquals(Optional.empty(), stored.startedAt());
    assertEquals(0, stored.attempt());
  }

  @Test
  void findsNothingUnderAnUnknownId() {
    assertEquals(Optional.empty(), database.jobs.find(JobId.next()));
    assertEquals(Cancellation.UNKNOWN, database.jobs.cancel(JobId.next()));
  }

  @Test
  void answersARepeatedRequestWithTheSameJob() {
    NewJob first = keyed("tenant-a", "key-1", "body");
    database.jobs.insert(first);
    assertEquals(
        new Inserted.Existing(first.id()),
        database.jobs.insert(keyed("tenant-a", "key-1", "body")));
    assertEquals(
        new Inserted.Conflict(first.id()),
        database.jobs.insert(keyed("tenant-a", "key-1", "other body")));
    assertInstanceOf(
        Inserted.Created.class, database.jobs.insert(keyed("tenant-b", "key-1", "body")));
  }

  @Test
  void storesAKeyThatRepeatsWithinAListOnce() {
    NewJob first = keyed("tenant-c", "key", "body");
    List<Inserted> inserted =
        database.jobs.insertAll(
            List.of(
                first,
                TestDatabase.job(Specs.generation("x")),
                keyed("tenant-c", "key", "body"),
                keyed("tenant-c", "key", "another")));
    assertInstanceOf(Inserted.Created.class, inserted.get(0));
    assertEquals(first.id(), inserted.get(0).jobId());
    assertInstanceOf(Inserted.Created.class, inserted.get(1));
    assertEquals(new Inserted.Existing(first.id()), inserted.get(2));
    assertEquals(new Inserted.Conflict(first.id()), inserted.get(3));
  }

  @Test
  void makesOneJobOfSixSimultaneousRepeats() throws Exception {
    for (int round = 0; round < 10; round++) {
      String key = "burst-" + round;
      List<Callable<Inserted>> requests = new ArrayList<>();
      CountDownLatch together = new CountDownLatch(6);
      for (int i = 0; i < 6; i++) {
        requests.add(
            () -> {
              together.countDown();
              together.await();
              return database.jobs.insert(keyed("tenant-d", key, "body"));
            });
      }
      try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
        Set<JobId> ids = new HashSet<>();
        int created = 0;
        for (var answer : threads.invokeAll(requests, 30, TimeUnit.SECONDS)) {
          ids.add(answer.get().jobId());
          created += answer.get() instanceof Inserted.Created ? 1 : 0;
        }
        assertEquals(1, created);
        assertEquals(1, ids.size());
      }
    }
  }

  @Test
  void cancelsAWaitingJobAtOnceAndOnlyOnce() {
    JobId id = database.queued();
    assertEquals(Cancellation.CANCELED, database.jobs.cancel(id));
    assertEquals(Cancellation.DONE_BEFORE, database.jobs.cancel(id));
    Job job = database.jobs.find(id).orElseThrow();
    assertEquals(JobState.CANCELED, job.state());
    assertTrue(job.completedAt().isPresent());
    assertEquals(
        1,
        database.count(
            "SELECT count(*) FROM webhook_deliveries WHERE job_id = '%s'".formatted(id)));
  }

  @Test
  void asksForTheEndOfARunningJob() {
    Claiming.Claim claim = database.running();
    assertEquals(Cancellation.REQUESTED, database.jobs.cancel(claim.jobId()));
    Job job = database.jobs.find(claim.jobId()).orElseThrow();
    assertEquals(JobState.RUNNING, job.state());
    assertTrue(job.cancelRequested());
  }

  @Test
  void walksListsBothWaysWithoutGapsOrRepeats() {
    List<JobId> inserted = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      NewJob job = tenant("lister", Optional.empty());
      database.jobs.insert(job);
      inserted.addFirst(job.id());
    }
    List<JobId> walked = new ArrayList<>();
    JobQuery query = query(Optional.empty());
    Page<Job> page = database.jobs.list(query);
    assertEquals(Optional.empty(), page.previous());
    while (true) {
      page.items().forEach(job -> walked.add(job.id()));
      if (page.next().isEmpty()) {
        break;
      }
      page = database.jobs.list(query(page.next().map(c -> Cursor.parse(c.text()))));
      // What arrives meanwhile belongs to no page of the walk.
      database.jobs.insert(tenant("lister", Optional.empty()));
    }
    assertEquals(inserted, walked);
    List<JobId> back = new ArrayList<>(page.items().stream().map(Job::id).toList());
    while (page.previous().isPresent()) {
      page = database.jobs.list(query(page.previous().map(c -> Cursor.parse(c.text()))));
      back.addAll(0, page.items().stream().map(Job::id).toList());
    }
    assertEquals(inserted, back.subList(back.size() - inserted.size(), back.size()));
    assertEquals(back.size(), new HashSet<>(back).size());
  }

  @Test
  void refusesACursorThatIsNone() {
    for (String text : new String[] {"", "!!!", "bm90IGEgY3Vyc29y"}) {
      DarkroomException e = assertThrows(DarkroomException.class, () -> Cursor.parse(text));
      assertEquals(ErrorCode.INVALID_INPUT, e.code());
    }
  }

  @Test
  void expiresWhatEndedLongAgoWithAllThatHangsOnIt() {
    try (TestDatabase own = TestDatabase.create()) {
      JobId old = own.queued();
      JobId recent = own.queued();
      JobId waiting = own.queued();
      own.jobs.cancel(old);
      own.jobs.cancel(recent);
      own.execute(
          "UPDATE jobs SET completed_at = now() - interval '3 days' WHERE id = '%s'"
              .formatted(old));
      assertEquals(List.of(old), own.jobs.expired(Duration.ofDays(2), 10));
      // Whoever asks for more than it was told to delete deletes no job that has not ended.
      own.jobs.delete(List.of(old, waiting));
      assertEquals(List.of(), own.jobs.expired(Duration.ofDays(2), 10));
      assertTrue(own.jobs.find(old).isEmpty());
      assertTrue(own.jobs.find(recent).isPresent());
      assertTrue(own.jobs.find(waiting).isPresent());
      assertEquals(1, own.count("SELECT count(*) FROM webhook_deliveries"));
    }
  }

  @Test
  void namesAnEndedTrainingUntilItIsTidied() {
    try (TestDatabase own = TestDatabase.create()) {
      NewJob training = TestDatabase.job(Specs.training(Specs.MODEL));
      own.jobs.insert(training);
      assertEquals(List.of(), own.jobs.untidied(Duration.ZERO, 10));
      own.jobs.cancel(training.id());
      own.jobs.cancel(own.queued());
      assertEquals(List.of(), own.jobs.untidied(Duration.ofHours(1), 10));
      own.execute("UPDATE jobs SET completed_at = now() - interval '2 hours'");
      assertEquals(List.of(training.id()), own.jobs.untidied(Duration.ofHours(1), 10));
      own.jobs.tidied(List.of(training.id()));
      assertEquals(List.of(), own.jobs.untidied(Duration.ofHours(1), 10));
    }
  }

  @Test
  void aDeadlineCountsFromTheCreationByTheClockOfTheDatabase() {
    try (TestDatabase own = TestDatabase.create()) {
      JobId late = own.lasting(Duration.ofMinutes(1));
      JobId early = own.lasting(Duration.ofHours(1));
      own.queued();
      Job stored = own.jobs.find(late).orElseThrow();
      assertEquals(Optional.of(stored.createdAt().plus(Duration.ofMinutes(1))), stored.deadline());
      assertEquals(List.of(), own.jobs.overdue(10));
      own.execute("UPDATE jobs SET deadline = deadline - interval '2 minutes'");
      assertEquals(List.of(late), own.jobs.overdue(10));
      own.jobs.cancel(late);
      assertEquals(List.of(), own.jobs.overdue(10));
      assertTrue(own.jobs.find(late).orElseThrow().isAborted());
      own.jobs.cancel(early);
      assertFalse(own.jobs.find(early).orElseThrow().isAborted());
    }
  }

  @Test
  void aRunningJobPastItsDeadlineIsNamedOnceAndCannotSucceedAnyMore() {
    try (TestDatabase own = TestDatabase.create()) {
      Claiming.Claim claim = own.running();
      own.execute("UPDATE jobs SET deadline = now() - interval '1 second'");
      assertEquals(List.of(claim.jobId()), own.jobs.overdue(10));
      assertEquals(Cancellation.REQUESTED, own.jobs.cancel(claim.jobId()));
      assertEquals(List.of(), own.jobs.overdue(10));
      Outcome painted = new Outcome.Succeeded(new Result.Images(List.of()));
      assertEquals(
          Optional.of(JobState.CANCELED),
          own.attempts.finish(claim.jobId(), claim.attempt(), painted, new Report("", Map.of())));
      assertFalse(own.jobs.find(claim.jobId()).orElseThrow().isAborted());
    }
  }

  @Test
  void saysThatTheDatabaseIsAway() {
    PGSimpleDataSource nowhere = new PGSimpleDataSource();
    nowhere.setUrl("jdbc:postgresql://127.0.0.1:1/none");
    JobStore store = new JobStore(nowhere);
    DarkroomException e = assertThrows(DarkroomException.class, () -> store.find(JobId.next()));
    assertEquals(ErrorCode.DATABASE_UNAVAILABLE, e.code());
    assertFalse(e.getMessage().isEmpty());
  }

  private static JobQuery query(Optional<Cursor> cursor) {
    return new JobQuery(
        "lister", JobKind.GENERATION, Optional.empty(), Optional.empty(), cursor, 7);
  }

  private static NewJob keyed(String tenant, String key, String body) {
    return tenant(tenant, Optional.of(new NewJob.IdempotencyKey(key, Sha256.of(body))));
  }

  private static NewJob tenant(String tenant, Optional<NewJob.IdempotencyKey> key) {
    NewJob job = TestDatabase.job(Specs.generation("x"));
    return new NewJob(
        job.id(),
        tenant,
        job.pool(),
        job.priority(),
        job.spec(),
        job.input(),
        job.source(),
        job.webhook(),
        key,
        Optional.empty());
  }
}
