package dev.darkroom.gateway.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A part of a list.
 *
 * @param next absolute URL of the part after it, or null at the end
 * @param previous absolute URL of the part before it, or null where that is not known
 */
public record Page<T>(@Nullable String next, @Nullable String previous, List<T> results) {
  /** The longest page. */
  public static final int SIZE = 100;

  public Page {
    results = List.copyOf(results);
  }

  /** A list that is whole. */
  public static <T> Page<T> whole(List<T> results) {
    return new Page<>(null, null, results);
  }
}
