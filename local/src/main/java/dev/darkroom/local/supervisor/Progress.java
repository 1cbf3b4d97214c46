package dev.darkroom.local.supervisor;

import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Lines for the person at the screen, each with the seconds since the start. */
public final class Progress {
  private final PrintWriter screen;
  private final Instant began = Instant.now();

  public Progress(PrintWriter screen) {
    this.screen = screen;
  }

  /** Prints one line, formatted as {@link String#format} does. */
  void say(String format, @Nullable Object... arguments) {
    double seconds = Duration.between(began, Instant.now()).toMillis() / 1000.0;
    screen.printf("%6.1f s  %s%n", seconds, format.formatted(arguments));
    screen.flush();
  }
}
