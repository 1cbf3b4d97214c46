package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.random.NoiseSource;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.SigmaSchedule;

/**
 * Euler's method to a level below the next one, then noise back up to it: ancestral sampling in
 * sigma space, eta 1. Song et al. 2021b, section 3.2, as k-diffusion has it; {@code
 * EulerAncestralDiscreteScheduler} of diffusers. Draws at every step, the last one too.
 */
public final class EulerAncestral extends SigmaSampler {
  static final String FIELDS = SigmaSampler.FIELDS + " rescale_betas_zero_snr";

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   */
  public EulerAncestral(SchedulerConfig config, int steps) {
    super(config.only(FIELDS), SigmaSchedule.kDiffusion(config.only(FIELDS), steps));
  }

  @Override
  public SamplerState step(SamplerState state, float[] output) {
    float sigma = levels.sigma(state.step());
    float next = levels.sigma(state.step() + 1);
    float up = sigmaUp(sigma, next);
    float down = sigmaDown(sigma, next, up);
    float[] x = along(state.sample(), derivative(state, output), down - sigma);
    NoiseSource generator = state.generator();
    return state.next(along(x, generator.normal(x.length), up), generator);
  }

  /** The noise that a step to {@code next} puts back. */
  static float sigmaUp(float sigma, float next) {
    return (float) Math.sqrt(next * next * (sigma * sigma - next * next) / (sigma * sigma));
  }

  /**
   * The level that it goes down to before: next^2 / sigma but for rounding, where the rounding
   * leaves something to take the root of.
   */
  static float sigmaDown(float sigma, float next, float up) {
    float square = next * next - up * up;
    return square < 0 ? next * next / sigma : (float) Math.sqrt(square);
  }
}
