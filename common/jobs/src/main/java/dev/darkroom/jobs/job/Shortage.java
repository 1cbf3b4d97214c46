package dev.darkroom.jobs.job;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a machine has run out of, read from the messages of a failure: neither libtorch nor the file
 * systems have exception types that say so.
 */
public enum Shortage {
  /** The device's memory, or the heap. */
  MEMORY("out of memory", "can't allocate memory", "cannot allocate memory"),
  /** The local disk. */
  DISK("no space left", "disk quota");

  private final List<String> words;

  Shortage(String... words) {
    this.words = List.of(words);
  }

  /** The shortage that a failure, or one of its causes, tells of. */
  public static Optional<Shortage> behind(Throwable failure) {
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof OutOfMemoryError) {
        return Optional.of(MEMORY);
      }
      String message = String.valueOf(each.getMessage()).toLowerCase(Locale.ROOT);
      for (Shortage shortage : values()) {
        if (shortage.words.stream().anyMatch(message::contains)) {
          return Optional.of(shortage);
        }
      }
    }
    return Optional.empty();
  }
}
