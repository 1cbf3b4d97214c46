package dev.darkroom.worker.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Decides which rows hold a slot and which of them share the next forward. Knows neither threads
 * nor tensors nor clocks; the engine calls it under its lock.
 *
 * <p>Two rules keep it fair. A free slot goes to the group that holds the fewest, oldest row first:
 * a flood for one model leaves room for the first row of another. And every row pays for its part
 * of each forward (time over rows): the group with the smallest bill goes next, so that small
 * pictures are not held up by large ones.
 *
 * <p>Where several forwards may be under way at once, none takes more than its share of all rows,
 * so that there are some for the others.
 */
final class BatchScheduler<S extends RowState> {
  private final int slots;
  private final int forwardsAtOnce;
  private final Set<Row<S>> underWay = new HashSet<>();
  private final LinkedHashSet<Row<S>> waiting = new LinkedHashSet<>();
  private final Map<GroupKey, Group<S>> groups = new HashMap<>();
  private int running;
  private long turns;

  /** The rows of one key that hold slots. */
  private static final class Group<S extends RowState> {
    final LinkedHashSet<Row<S>> rows = new LinkedHashSet<>();
    long bill;
    long turn;

    Group(long bill, long turn) {
      this.bill = bill;
      this.turn = turn;
    }
  }

  BatchScheduler(int slots, int forwardsAtOnce) {
    if (slots < 1 || forwardsAtOnce < 1) {
      throw new IllegalArgumentException(
          "slots, forwards at once: expected at least 1 of each, got %d and %d"
              .formatted(slots, forwardsAtOnce));
    }
    this.slots = slots;
    this.forwardsAtOnce = forwardsAtOnce;
  }

  void add(Row<S> row) {
    waiting.add(row);
  }

  /** Whether {@link #next()} would answer rows. */
  boolean isReady() {
    return running > underWay.size() || (running < slots && !waiting.isEmpty());
  }

  int waiting() {
    return waiting.size();
  }

  int running() {
    return running;
  }

  /** Takes out every row that matches and is not under way, and answers them. */
  List<Row<S>> removeIf(Predicate<Row<S>> leaves) {
    List<Row<S>> gone = new ArrayList<>();
    for (Row<S> row : waiting) {
      if (leaves.test(row)) {
        gone.add(row);
      }
    }
    gone.forEach(waiting::remove);
    List<Row<S>> freed = new ArrayList<>();
    for (Group<S> group : groups.values()) {
      free(group).filter(leaves).forEach(freed::add);
    }
    freed.forEach(this::retire);
    gone.addAll(freed);
    return gone;
  }

  /**
   * Admits waiting rows into the free slots, then answers the rows of the next forward, oldest
   * first; none if all are under way. They are, from now on, until they are booked or retired.
   */
  List<Row<S>> next() {
    admit();
    int share = (running + forwardsAtOnce - 1) / forwardsAtOnce;
    List<Row<S>> batch =
        groups.values().stream()
            .filter(group -> free(group).findAny().isPresent())
            .min(
                Comparator.<Group<S>>comparingLong(group -> group.bill)
                    .thenComparingLong(group -> group.turn))
            .map(group -> free(group).limit(share).toList())
            .orElse(List.of());
    underWay.addAll(batch);
    return batch;
  }

  private Stream<Row<S>> free(Group<S> group) {
    return group.rows.stream().filter(row -> !underWay.contains(row));
  }

  /** Books a forward of {@code rows}, all of one group, that took {@code nanos}. */
  void charge(List<Row<S>> rows, long nanos) {
    rows.forEach(underWay::remove);
    Group<S> group = groups.get(rows.getFirst().key());
    if (group != null) {
      group.bill += nanos / rows.size();
      group.turn = ++turns;
    }
  }

  /** Frees the slot of a row. */
  void retire(Row<S> row) {
    underWay.remove(row);
    Group<S> group = groups.get(row.key());
    if (group != null && group.rows.remove(row)) {
      running--;
      if (group.rows.isEmpty()) {
        groups.remove(row.key());
      }
    }
  }

  private void admit() {
    while (running < slots && !waiting.isEmpty()) {
      Row<S> row = firstOfTheSmallestGroup();
      waiting.remove(row);
      groups.computeIfAbsent(row.key(), key -> new Group<>(smallestBill(), ++turns)).rows.add(row);
      running++;
    }
  }

  private Row<S> firstOfTheSmallestGroup() {
    Row<S> best = waiting.getFirst();
    int fewest = held(best.key());
    for (Row<S> row : waiting) {
      if (fewest == 0) {
        break;
      }
      if (held(row.key()) < fewest) {
        best = row;
        fewest = held(row.key());
      }
    }
    return best;
  }

  private int held(GroupKey key) {
    Group<S> group = groups.get(key);
    return group == null ? 0 : group.rows.size();
  }

  /**
   * A newcomer starts level with the poorest: it may neither claim the past nor be made to wait for
   * it.
   */
  private long smallestBill() {
    return groups.values().stream().mapToLong(group -> group.bill).min().orElse(0);
  }
}
