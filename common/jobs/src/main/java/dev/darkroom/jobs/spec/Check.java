package dev.darkroom.jobs.spec;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;

/** The range checks of the specs' compact constructors, each one sentence when it fails. */
final class Check {
  private Check() {}

  static void range(String name, long value, long min, long max) {
    if (value < min || value > max) {
      throw invalid("%s: expected %d to %d, got %d".formatted(name, min, max, value));
    }
  }

  /** NaN is in no range. */
  static void range(String name, double value, double min, double max) {
    if (!(value >= min && value <= max)) {
      throw invalid("%s: expected %s to %s, got %s".formatted(name, min, max, value));
    }
  }

  static void length(String name, String value, int max) {
    if (value.length() > max) {
      throw invalid(
          "%s: expected at most %d characters, got %d".formatted(name, max, value.length()));
    }
  }

  static <T> T present(String name, T value) {
    if (value == null) {
      throw invalid("%s: expected a value, got none".formatted(name));
    }
    return value;
  }

  static DarkroomException invalid(String message) {
    return new DarkroomException(ErrorCode.INVALID_INPUT, message);
  }
}
