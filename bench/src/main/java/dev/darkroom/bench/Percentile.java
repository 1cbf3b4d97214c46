package dev.darkroom.bench;

import java.util.Arrays;

/** Percentiles of measured times. */
public final class Percentile {
  private Percentile() {}

  /**
   * The nearest-rank percentile.
   *
   * @param values at least one
   * @param percent in (0, 100]
   */
  public static double of(double[] values, double percent) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[Math.max(0, (int) Math.ceil(percent / 100 * sorted.length) - 1)];
  }
}
