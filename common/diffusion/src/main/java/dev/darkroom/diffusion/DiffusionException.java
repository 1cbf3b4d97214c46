package dev.darkroom.diffusion;

import org.jspecify.annotations.Nullable;

/**
 * The one exception of the library. Its message is a sentence: what was expected, what came, what
 * to do.
 */
public final class DiffusionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final int MAX_LENGTH = 2000;

  /** Whose mistake it is. */
  public enum Kind {
    /** An argument that the caller can correct: a shape, a size, a value out of range. */
    BAD_INPUT,
    /**
     * A file that is not the model it should be: truncated, of another layout, with missing or
     * unexpected keys.
     */
    BAD_CHECKPOINT,
    /** A fault of ours, or of the native library. */
    INTERNAL
  }

  private final Kind kind;

  private DiffusionException(Kind kind, String message, @Nullable Throwable cause) {
    super(oneLine(message), cause);
    this.kind = kind;
  }

  /** Names in a message may come from a hostile file: no control characters, and an end. */
  private static String oneLine(String message) {
    String line = message.replaceAll("[\\p{Cntrl}\\u0085\\u2028\\u2029]+", " ");
    return line.length() <= MAX_LENGTH ? line : line.substring(0, MAX_LENGTH) + "...";
  }

  public static DiffusionException badInput(String message) {
    return new DiffusionException(Kind.BAD_INPUT, message, null);
  }

  public static DiffusionException badCheckpoint(String message) {
    return new DiffusionException(Kind.BAD_CHECKPOINT, message, null);
  }

  public static DiffusionException badCheckpoint(String message, Throwable cause) {
    return new DiffusionException(Kind.BAD_CHECKPOINT, message, cause);
  }

  public static DiffusionException internal(String message, @Nullable Throwable cause) {
    return new DiffusionException(Kind.INTERNAL, message, cause);
  }

  public Kind kind() {
    return kind;
  }
}
