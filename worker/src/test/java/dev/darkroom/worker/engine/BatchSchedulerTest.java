package dev.darkroom.worker.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BatchSchedulerTest {
  private static final GroupKey SMALL = new GroupKey("a", new LatentShape(8, 16, 16));
  private static final GroupKey LARGE = new GroupKey("a", new LatentShape(8, 64, 64));
  private static final GroupKey OTHER = new GroupKey("b", new LatentShape(8, 16, 16));

  @Test
  void rowsOfOneModelAndShapeShareAForward() {
    BatchScheduler<Countdown> scheduler = new BatchScheduler<>(4, 1);
    add(scheduler, SMALL, "1");
    add(scheduler, SMALL, "2");
    add(scheduler, LARGE, "3");
    add(scheduler, OTHER, "4");

    assertEquals(List.of("1", "2"), names(scheduler.next()));
  }

  @Test
  void admitsAWaitingRowWhenASlotFrees() {
    BatchScheduler<Countdown> scheduler = new BatchScheduler<>(2, 1);
    Row<Countdown> first = add(scheduler, SMALL, "1");
    add(scheduler, SMALL, "2");
    add(scheduler, SMALL, "3");
    List<Row<Countdown>> batch = scheduler.next();
    assertEquals(List.of("1", "2"), names(batch));
    assertEquals(1, scheduler.waiting());

    scheduler.charge(batch, 1_000);
    scheduler.retire(first);

    assertEquals(List.of("2", "3"), names(scheduler.next()));
    assertEquals(0, scheduler.waiting());
  }

  @Test
  void aFloodForOneModelLeavesTheNextFreeSlotToAnother() {
    BatchScheduler<Countdown> scheduler = new BatchScheduler<>(2, 1);
    Row<Countdown> first = add(scheduler, SMALL, "1");
    for (int i = 2; i <= 100; i++) {
      add(scheduler, SMALL, "" + i);
    }
    scheduler.charge(scheduler.next(), 0);
    add(scheduler, OTHER, "other");
    scheduler.retire(first);
    List<Row<Countdown>> batch = scheduler.next();
    scheduler.charge(batch, 1_000);

    assertEquals(List.of("other"), names(scheduler.next()));
  }

  @Test
  void aLargeGroupDoesNotHoldUpASmallOne() {
    BatchScheduler<Countdown> scheduler = new BatchScheduler<>(2, 1);
    add(scheduler, LARGE, "large");
    add(scheduler, SMALL, "small");
    List<String> turns = new ArrayList<>();
    for (int i = 0; i < 22; i++) {
      List<Row<Countdown>> batch = scheduler.next();
      turns.add(batch.getFirst().state().name());
      scheduler.charge(batch, batch.getFirst().key().equals(LARGE) ? 10_000 : 1_000);
    }

    assertEquals(2, turns.stream().filter("large"::equals).count(), turns::toString);
  }

  @Test
  void equalGroupsTakeTurns() {
    BatchScheduler<Countdown> scheduler = new BatchScheduler<>(2, 1);
    add(scheduler, SMALL, "1");
    add(scheduler, OTHER, "2");
    List<String> turns = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      List<Row<Countdown>> batch = scheduler.next();
      turns.addAll(names(batch));
      scheduler.charge(batch, 1_000);
    }

    assertEquals(List.of("1", "2", "1", "2"), turns);
  }

  @Test
  void aNewcomerStartsLevelWithThosePresent() {
    BatchScheduler<Countdown> scheduler = new BatchScheduler<>(2, 1);
    add(scheduler, SMALL, "old");
    for (int i = 0; i < 1_000; i++) {
      scheduler.charge(scheduler.next(), 1_000);
    }
    add(scheduler, OTHER, "new");
    List<String> turns = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      List<Row<Countdown>> batch = scheduler.next();
      turns.addAll(names(batch));
      scheduler.charge(batch, 1_000);
    }

    assertEquals(2, turns.stream().filter("old"::equals).count(), turns::toString);
  }

  @Test
  void removesRowsThatWaitAndRowsThatRun() {
    BatchScheduler<Countdown> scheduler = new BatchScheduler<>(1, 1);
    Row<Countdown> runs = add(scheduler, SMALL, "runs");
    Row<Countdown> waits = add(scheduler, OTHER, "waits");
    scheduler.charge(scheduler.next(), 1_000);

    assertEquals(
        List.of("waits", "runs"), names(scheduler.removeIf(row -> row == runs || row == waits)));
    assertFalse(scheduler.isReady());
    assertTrue(scheduler.next().isEmpty());
  }

  @Test
  void refusesToRunWithoutSlots() {
    assertThrows(IllegalArgumentException.class, () -> new BatchScheduler<Countdown>(0, 1));
    assertThrows(IllegalArgumentException.class, () -> new BatchScheduler<Countdown>(1, 0));
  }

  @Test
  void forwardsAtOnceShareTheRowsOfAGroup() {
    BatchScheduler<Countdown> scheduler = new BatchScheduler<>(8, 2);
    for (int i = 1; i <= 5; i++) {
      add(scheduler, SMALL, "" + i);
    }
    List<Row<Countdown>> first = scheduler.next();
    assertEquals(List.of("1", "2", "3"), names(first));
    assertTrue(scheduler.isReady());
    assertEquals(List.of("4", "5"), names(scheduler.next()));
    assertFalse(scheduler.isReady());
    assertEquals(List.of(), scheduler.next());

    add(scheduler, SMALL, "6");
    scheduler.charge(first, 1_000);

    assertEquals(List.of("1", "2", "3"), names(scheduler.next()));
    assertEquals(List.of("6"), names(scheduler.next()));
  }

  /** Its rows would make two small batches where one each of both groups is as large as can be. */
  @Test
  void aGroupThatIsAShareStaysTogether() {
    BatchScheduler<Countdown> scheduler = new BatchScheduler<>(4, 2);
    add(scheduler, SMALL, "1");
    add(scheduler, OTHER, "2");
    add(scheduler, SMALL, "3");
    add(scheduler, OTHER, "4");

    assertEquals(List.of("1", "3"), names(scheduler.next()));
    assertEquals(List.of("2", "4"), names(scheduler.next()));
  }

  @Test
  void aRowThatIsUnderWayIsNotTakenOut() {
    BatchScheduler<Countdown> scheduler = new BatchScheduler<>(2, 2);
    add(scheduler, SMALL, "1");
    List<Row<Countdown>> batch = scheduler.next();
    add(scheduler, SMALL, "2");

    assertEquals(List.of("2"), names(scheduler.removeIf(row -> true)));
    scheduler.charge(batch, 1_000);
    assertEquals(List.of("1"), names(scheduler.removeIf(row -> true)));
  }

  /**
   * Random arrivals and departures: slots are never exceeded, never idle while a row waits, no row
   * is in two forwards, and every row gets its turn.
   */
  @Test
  void keepsItsPromisesUnderRandomLoad() {
    SplittableRandom random = new SplittableRandom(7);
    for (int round = 0; round < 50; round++) {
      int slots = 1 + random.nextInt(6);
      int forwardsAtOnce = 1 + random.nextInt(3);
      BatchScheduler<Countdown> scheduler = new BatchScheduler<>(slots, forwardsAtOnce);
      List<Row<Countdown>> open = new ArrayList<>();
      List<List<Row<Countdown>>> underWay = new ArrayList<>();
      int arrivals = 0;
      int served = 0;
      while (served < 200) {
        if (arrivals < 200 && random.nextInt(3) > 0) {
          GroupKey key = List.of(SMALL, LARGE, OTHER).get(random.nextInt(3));
          open.add(add(scheduler, key, "" + arrivals++));
        }
        if (underWay.size() < forwardsAtOnce) {
          List<Row<Countdown>> batch = scheduler.next();
          assertTrue(scheduler.running() <= slots);
          assertTrue(scheduler.waiting() == 0 || scheduler.running() == slots);
          assertEquals(open.size(), scheduler.running() + scheduler.waiting());
          assertEquals(1, Math.max(1, batch.stream().map(Row::key).distinct().count()));
          assertTrue(
              underWay.stream().noneMatch(other -> other.stream().anyMatch(batch::contains)));
          assertEquals(
              scheduler.running() > underWay.stream().mapToInt(List::size).sum(), !batch.isEmpty());
          if (!batch.isEmpty()) {
            underWay.add(batch);
          }
        }
        if (underWay.isEmpty() || (underWay.size() < forwardsAtOnce && random.nextBoolean())) {
          continue;
        }
        List<Row<Countdown>> through = underWay.remove(random.nextInt(underWay.size()));
        scheduler.charge(through, 1 + random.nextInt(1_000));
        Row<Countdown> leaves = through.get(random.nextInt(through.size()));
        scheduler.retire(leaves);
        open.remove(leaves);
        served++;
      }
    }
  }

  private static Row<Countdown> add(
      BatchScheduler<Countdown> scheduler, GroupKey key, String name) {
    Row<Countdown> row = new Row<>(key, Countdown.of(name, 1), state -> {});
    scheduler.add(row);
    return row;
  }

  private static List<String> names(List<Row<Countdown>> rows) {
    return rows.stream().map(row -> row.state().name()).toList();
  }
}
