package dev.darkroom.worker.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class EngineTest {
  private static final GroupKey KEY = new GroupKey("a", new LatentShape(8, 16, 16));
  private static final GroupKey OTHER = new GroupKey("b", new LatentShape(8, 16, 16));

  private final List<List<String>> forwards = new ArrayList<>();
  private final Engine<Countdown> engine = engine((key, rows) -> {});

  @Test
  void rowsWithDifferentStepCountsShareForwardsAndLeaveOnTheirOwn() {
    Row<Countdown> two = engine.submit(KEY, Countdown.of("two", 2), state -> {});
    Row<Countdown> four = engine.submit(KEY, Countdown.of("four", 4), state -> {});
    stepUntilIdle();

    assertEquals(
        List.of(List.of("two", "four"), List.of("two", "four"), List.of("four"), List.of("four")),
        forwards);
    assertEquals(2, finished(two).step());
    assertEquals(4, finished(four).step());
  }

  @Test
  void aRowJoinsBetweenTheStepsOfAnother() {
    engine.submit(KEY, Countdown.of("first", 3), state -> {});
    engine.step();
    engine.submit(KEY, Countdown.of("second", 1), state -> {});
    stepUntilIdle();

    assertEquals(List.of(List.of("first"), List.of("first", "second"), List.of("first")), forwards);
  }

  @Test
  void aCanceledRowIsGoneByTheNextStep() {
    Row<Countdown> row = engine.submit(KEY, Countdown.of("row", 9), state -> {});
    Row<Countdown> neighbour = engine.submit(KEY, Countdown.of("neighbour", 2), state -> {});
    engine.step();
    row.cancel();
    engine.step();

    assertEquals(1, canceled(row).step());
    assertEquals(List.of("neighbour"), forwards.getLast());
    assertEquals(2, finished(neighbour).step());
  }

  @Test
  void aRowCanceledDuringItsLastForwardDoesNotFinish() {
    List<Row<Countdown>> rows = new ArrayList<>();
    Engine<Countdown> cancelling = engine((key, states) -> rows.getFirst().cancel());
    rows.add(cancelling.submit(KEY, Countdown.of("row", 1), state -> {}));
    cancelling.step();

    assertInstanceOf(RowOutcome.Canceled.class, rows.getFirst().outcome().join());
  }

  @Test
  void aRowCanceledWhileItWaitsNeverRuns() {
    Row<Countdown> row = engine.submit(KEY, Countdown.of("row", 9), state -> {});
    row.cancel();

    assertFalse(engine.step());
    assertEquals(0, canceled(row).step());
  }

  @Test
  void aFailedGroupFailsItsRowsAndNoOthers() {
    RuntimeException reason = new IllegalStateException("model a is broken");
    Engine<Countdown> failing =
        engine(
            (key, rows) -> {
              if (key.equals(KEY)) {
                throw reason;
              }
            });
    Row<Countdown> broken = failing.submit(KEY, Countdown.of("broken", 3), state -> {});
    Row<Countdown> healthy = failing.submit(OTHER, Countdown.of("healthy", 3), state -> {});
    while (failing.step()) {}

    assertEquals(new RowOutcome.Failed<Countdown>(reason), broken.outcome().join());
    assertEquals(3, finished(healthy).step());
  }

  @Test
  void anOutOfMemoryErrorFailsItsGroupAndLeavesTheEngineRunning() {
    OutOfMemoryError error = new OutOfMemoryError("heap");
    List<OutOfMemoryError> pending = new ArrayList<>(List.of(error));
    Engine<Countdown> failing =
        engine(
            (key, rows) -> {
              if (!pending.isEmpty()) {
                throw pending.removeFirst();
              }
            });
    Row<Countdown> broken = failing.submit(KEY, Countdown.of("broken", 1), state -> {});
    failing.step();
    Row<Countdown> later = failing.submit(KEY, Countdown.of("later", 1), state -> {});
    failing.step();

    assertEquals(new RowOutcome.Failed<Countdown>(error), broken.outcome().join());
    assertEquals(1, finished(later).step());
  }

  @Test
  void aFailingListenerFailsItsOwnRowOnly() {
    RuntimeException reason = new IllegalStateException("listener");
    Row<Countdown> row =
        engine.submit(
            KEY,
            Countdown.of("row", 3),
            state -> {
              throw reason;
            });
    Row<Countdown> neighbour = engine.submit(KEY, Countdown.of("neighbour", 3), state -> {});
    stepUntilIdle();

    assertEquals(new RowOutcome.Failed<Countdown>(reason), row.outcome().join());
    assertEquals(3, finished(neighbour).step());
  }

  @Test
  void theListenerSeesEveryStep() {
    List<Integer> seen = new ArrayList<>();
    engine.submit(KEY, Countdown.of("row", 3), state -> seen.add(state.step()));
    stepUntilIdle();

    assertEquals(List.of(1, 2, 3), seen);
  }

  @Test
  void aRowWithNothingToDoFinishesWithoutAForward() {
    Row<Countdown> row = engine.submit(KEY, Countdown.of("row", 0), state -> {});

    assertFalse(engine.step());
    assertEquals(0, finished(row).step());
  }

  @Test
  void aDenoiserThatLosesARowFailsTheGroup() {
    Engine<Countdown> losing = new Engine<>(8, (key, rows) -> List.of(), () -> 0);
    Row<Countdown> row = losing.submit(KEY, Countdown.of("row", 1), state -> {});
    losing.step();

    RowOutcome.Failed<?> failed = assertInstanceOf(RowOutcome.Failed.class, row.outcome().join());
    assertEquals("denoiser: expected 1 states back, got 0", failed.cause().getMessage());
  }

  @Test
  void countsWhatItDoes() {
    engine.submit(KEY, Countdown.of("1", 2), state -> {});
    engine.submit(KEY, Countdown.of("2", 3), state -> {});
    engine.step();
    assertEquals(new EngineLoad(0, 2, 1, 2), engine.load());
    stepUntilIdle();
    assertEquals(new EngineLoad(0, 0, 3, 5), engine.load());
  }

  @Test
  void sleepsUntilARowArrivesAndEndsWhenClosed() throws Exception {
    Thread thread = Thread.ofPlatform().start(engine);
    Row<Countdown> row = engine.submit(KEY, Countdown.of("row", 2), state -> {});
    assertInstanceOf(RowOutcome.Finished.class, row.outcome().get(10, TimeUnit.SECONDS));
    assertEquals(2, finished(row).step());

    engine.close();
    assertTrue(thread.join(Duration.ofSeconds(10)));
  }

  @Test
  void closingLetsTheForwardEndAndReturnsEveryRow() throws Exception {
    CountDownLatch inForward = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Engine<Countdown> slow =
        engine(
            (key, rows) -> {
              inForward.countDown();
              await(goOn);
            });
    Row<Countdown> running = slow.submit(KEY, Countdown.of("running", 100), state -> {});
    Thread thread = Thread.ofPlatform().start(slow);
    inForward.await();
    Row<Countdown> waiting = slow.submit(KEY, Countdown.of("waiting", 100), state -> {});
    slow.close();
    goOn.countDown();
    thread.join();
    Row<Countdown> late = slow.submit(KEY, Countdown.of("late", 100), state -> {});

    assertEquals(1, canceled(running).step());
    assertEquals(0, canceled(waiting).step());
    assertEquals(0, canceled(late).step());
  }

  @Test
  void aSlowForwardHoldsUpItsOwnRowsOnly() throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    Engine<Countdown> both =
        new Engine<>(
            8,
            2,
            (key, rows) -> {
              if (key.equals(KEY)) {
                await(goOn);
              }
              return rows.stream().map(Countdown::next).toList();
            },
            System::nanoTime);
    List<Thread> threads = startTwo(both);
    Row<Countdown> slow = both.submit(KEY, Countdown.of("slow", 2), state -> {});
    Row<Countdown> quick = both.submit(OTHER, Countdown.of("quick", 50), state -> {});

    quick.outcome().get(10, TimeUnit.SECONDS);
    assertEquals(50, finished(quick).step());
    assertFalse(slow.outcome().isDone());
    both.close();
    goOn.countDown();
    joinAll(threads);
    assertEquals(1, canceled(slow).step());
  }

  @Test
  void noRowIsInTwoForwardsAtOnceAndNoneMissesAStep() throws Exception {
    Set<String> inside = ConcurrentHashMap.newKeySet();
    AtomicInteger doubled = new AtomicInteger();
    Engine<Countdown> both =
        new Engine<>(
            8,
            2,
            (key, rows) -> {
              rows.forEach(row -> doubled.addAndGet(inside.add(row.name()) ? 0 : 1));
              Thread.yield();
              rows.forEach(row -> inside.remove(row.name()));
              return rows.stream().map(Countdown::next).toList();
            },
            System::nanoTime);
    List<Thread> threads = startTwo(both);
    List<Row<Countdown>> rows = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      rows.add(both.submit(i % 3 == 0 ? OTHER : KEY, Countdown.of("" + i, 1 + i), state -> {}));
    }
    for (int i = 0; i < rows.size(); i++) {
      rows.get(i).outcome().get(10, TimeUnit.SECONDS);
      assertEquals(1 + i, finished(rows.get(i)).step());
    }
    both.close();
    joinAll(threads);
    assertEquals(0, doubled.get());
    assertEquals(5050, both.load().rowSteps());
  }

  /** The clock is the test's own, and the group that costs more runs less often. */
  @Test
  void chargesForwardsByTheClock() {
    long[] now = {0};
    List<String> turns = new ArrayList<>();
    Engine<Countdown> timed =
        new Engine<>(
            2,
            (key, rows) -> {
              turns.add(key.model());
              now[0] += key.equals(KEY) ? 10 : 1;
              return rows.stream().map(Countdown::next).toList();
            },
            () -> now[0]);
    timed.submit(KEY, Countdown.of("dear", 50), state -> {});
    timed.submit(OTHER, Countdown.of("cheap", 50), state -> {});
    for (int i = 0; i < 22; i++) {
      timed.step();
    }

    assertEquals(2, turns.stream().filter("a"::equals).count(), turns::toString);
    assertEquals(20, turns.stream().filter("b"::equals).count());
  }

  /** What the denoiser does before it counts; it may throw. */
  private interface Before {
    void forward(GroupKey key, List<Countdown> rows);
  }

  private Engine<Countdown> engine(Before before) {
    return new Engine<>(
        8,
        (key, rows) -> {
          forwards.add(rows.stream().map(Countdown::name).toList());
          before.forward(key, rows);
          return rows.stream().map(Countdown::next).toList();
        },
        System::nanoTime);
  }

  private static List<Thread> startTwo(Engine<Countdown> engine) {
    return List.of(Thread.ofPlatform().start(engine), Thread.ofPlatform().start(engine));
  }

  private static void joinAll(List<Thread> threads) throws InterruptedException {
    for (Thread thread : threads) {
      assertTrue(thread.join(Duration.ofSeconds(10)));
    }
  }

  private void stepUntilIdle() {
    while (engine.step()) {}
  }

  private static Countdown finished(Row<Countdown> row) {
    assertTrue(row.outcome().isDone());
    @SuppressWarnings("unchecked")
    RowOutcome.Finished<Countdown> finished =
        assertInstanceOf(RowOutcome.Finished.class, row.outcome().join());
    return finished.state();
  }

  private static Countdown canceled(Row<Countdown> row) {
    @SuppressWarnings("unchecked")
    RowOutcome.Canceled<Countdown> canceled =
        assertInstanceOf(RowOutcome.Canceled.class, row.outcome().join());
    return canceled.state();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
