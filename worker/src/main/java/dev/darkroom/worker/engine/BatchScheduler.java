package dev.darkroom.worker.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Decides which rows hold a slot and which of them share the next forward. Knows neither threads
 * nor tensors nor clocks; the engine's thread is its only caller.
 *
 * <p>Two rules keep it fair. A free slot goes to the group that holds the fewest, oldest row first:
 * a flood for one model leaves room for the first row of another. And every row pays for its part
 * of each forward (time over rows): the group with the smallest bill goes next, so that small
 * pictures are not held up by large ones.
 */
final class BatchScheduler<S extends RowState> {
  private final int slots;
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

  BatchScheduler(int slots) {
    if (slots < 1) {
      throw new IllegalArgumentException("slots: expected at least 1, got " + slots);
    }
    this.slots = slots;
  }

  void add(Row<S> row) {
    waiting.add(row);
  }

  boolean isIdle() {
    return waiting.isEmpty() && running == 0;
  }

  int waiting() {
    return waiting.size();
  }

  int running() {
    return running;
  }

  /** Takes out every row that matches, wherever it is, and answers them. */
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
      group.rows.stream().filter(leaves).forEach(freed::add);
    }
    freed.forEach(this::retire);
    gone.addAll(freed);
    return gone;
  }

  /**
   * Admits waiting rows into the free slots, then answers the rows of the next forward; none if
   * there are no rows.
   */
  List<Row<S>> next() {
    admit();
    return groups.values().stream()
        .min(
            Comparator.<Group<S>>comparingLong(group -> group.bill)
                .thenComparingLong(group -> group.turn))
        .map(group -> List.copyOf(group.rows))
        .orElse(List.of());
  }

  /** Books a forward of {@code rows}, all of one group, that took {@code nanos}. */
  void charge(List<Row<S>> rows, long nanos) {
    Group<S> group = groups.get(rows.getFirst().key());
    if (group != null) {
      group.bill += nanos / rows.size();
      group.turn = ++turns;
    }
  }

  /** Frees the slot of a row. */
  void retire(Row<S> row) {
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
