package dev.darkroom.diffusion.guidance;

import dev.darkroom.diffusion.DiffusionException;

/**
 * The part of a run in which guidance acts; before and after it the conditional prediction stands
 * alone, at half the cost. Kynkaanniemi et al. 2024, as shares of the run, which is how diffusers'
 * guiders have it.
 *
 * @param start share of the run before the first guided call, in [0, 1]
 * @param stop share of the run before the first call after them, in [start, 1]
 */
public record GuidanceInterval(double start, double stop) {
  /** The whole run. */
  public static final GuidanceInterval ALL = new GuidanceInterval(0, 1);

  public GuidanceInterval {
    if (!(0 <= start && start <= stop && stop <= 1)) {
      throw DiffusionException.badInput(
          "guidance interval: expected 0 <= start <= stop <= 1, got %s to %s"
              .formatted(start, stop));
    }
  }

  /**
   * Whether a call is guided.
   *
   * @param step in [0, steps)
   * @param steps the run's calls
   */
  public boolean contains(int step, int steps) {
    return (int) (start * steps) <= step && step < (int) (stop * steps);
  }
}
