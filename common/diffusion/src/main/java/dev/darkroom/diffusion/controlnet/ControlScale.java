package dev.darkroom.diffusion.controlnet;

import dev.darkroom.diffusion.DiffusionException;

/**
 * How strongly a ControlNet acts, and when: diffusers' {@code controlnet_conditioning_scale},
 * {@code control_guidance_start} and {@code control_guidance_end}.
 *
 * @param scale what its residuals are multiplied with
 * @param start the share of the steps before which it is silent, in [0, 1)
 * @param end the share of the steps after which it is silent, in (start, 1]
 */
public record ControlScale(double scale, double start, double end) {
  /** At its strength through all steps. */
  public static final ControlScale FULL = new ControlScale(1, 0, 1);

  public ControlScale {
    if (!Double.isFinite(scale)) {
      throw DiffusionException.badInput("control scale: expected a number, got " + scale);
    }
    if (!(start >= 0 && start < end && end <= 1)) {
      throw DiffusionException.badInput(
          "control start and end: expected 0 <= start < end <= 1, got %s and %s"
              .formatted(start, end));
    }
  }

  /**
   * The scale at one step.
   *
   * @param step from 0
   * @return 0 where it is silent: the network need not run
   */
  public double at(int step, int steps) {
    boolean silent = (double) step / steps < start || (step + 1.0) / steps > end;
    return silent ? 0 : scale;
  }
}
