package dev.darkroom.trainer.loop;

import dev.darkroom.diffusion.DiffusionException;

/** The checks of training configs: each failure is a sentence with the field's name. */
public final class Check {
  /** Most optimizer steps of a run. */
  public static final int MAX_STEPS = 10_000_000;

  private Check() {}

  public static void range(String field, double value, double low, double high) {
    if (!(value >= low && value <= high)) {
      throw DiffusionException.badInput(
          "%s: expected %s to %s, got %s".formatted(field, plain(low), plain(high), plain(value)));
    }
  }

  /** For conditions between fields; {@code sentence} begins with the field's name. */
  public static void that(boolean holds, String sentence) {
    if (!holds) {
      throw DiffusionException.badInput(sentence);
    }
  }

  private static String plain(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }
}
