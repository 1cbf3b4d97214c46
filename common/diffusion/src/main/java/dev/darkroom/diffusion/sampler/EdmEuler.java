package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.EdmLevels;
import dev.darkroom.diffusion.schedule.SchedulerConfig;

/**
 * Euler's method with the preconditioning of EDM. Karras et al. 2022, algorithm 1; {@code
 * EDMEulerScheduler} of diffusers, without churn.
 */
public final class EdmEuler extends EdmSampler {
  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   */
  public EdmEuler(SchedulerConfig config, int steps) {
    super(config.only(FIELDS), EdmLevels.euler(config.only(FIELDS), steps));
  }

  @Override
  public SamplerState step(SamplerState state, float[] output) {
    float sigma = levels.sigma(state.step());
    float dt = levels.sigma(state.step() + 1) - sigma;
    float[] x = state.sample();
    float[] next = denoised(state, output);
    for (int i = 0; i < next.length; i++) {
      next[i] = x[i] + (x[i] - next[i]) / sigma * dt;
    }
    return state.next(next);
  }
}
