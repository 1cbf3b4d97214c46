package dev.darkroom.jobs.store;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A page of a list, newest first.
 *
 * @param next older rows, where there are some
 * @param previous newer rows, where there are some
 */
public record Page<T>(List<T> items, Optional<Cursor> next, Optional<Cursor> previous) {
  public Page {
    items = List.copyOf(items);
  }

  /**
   * Builds a page of rows that were read in the order of the walk, one more than fits where there
   * are more.
   */
  static <T> Page<T> of(
      List<T> rows, int limit, Optional<Cursor> cursor, Function<T, Cursor> place) {
    boolean backward = cursor.map(Cursor::backward).orElse(false);
    boolean more = rows.size() > limit;
    List<T> items = more ? rows.subList(0, limit) : rows;
    if (backward) {
      items = items.reversed();
    }
    if (items.isEmpty()) {
      return new Page<>(items, Optional.empty(), Optional.empty());
    }
    boolean older = backward || more;
    boolean newer = backward ? more : cursor.isPresent();
    Cursor first = place.apply(items.getFirst());
    Cursor last = place.apply(items.getLast());
    return new Page<>(
        items,
        older ? Optional.of(new Cursor(last.createdAt(), last.id(), false)) : Optional.empty(),
        newer ? Optional.of(new Cursor(first.createdAt(), first.id(), true)) : Optional.empty());
  }
}
