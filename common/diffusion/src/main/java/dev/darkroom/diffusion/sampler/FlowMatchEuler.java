package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.FlowLevels;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import org.jspecify.annotations.Nullable;

/**
 * Euler's method on a flow. Esser et al. 2024; {@code FlowMatchEulerDiscreteScheduler} of
 * diffusers, whose {@code stochastic_sampling} estimates x_0 and adds new noise at every step
 * instead, the last one too.
 */
public final class FlowMatchEuler extends FlowSampler {
  static final String FIELDS = SHIFTED_FIELDS + " stochastic_sampling";

  private final boolean stochastic;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   * @param mu the shift for the picture's size, where the configuration shifts dynamically; or null
   * @param sigmas levels, one a step and not yet shifted; or null for even ones
   */
  public FlowMatchEuler(
      SchedulerConfig config, int steps, @Nullable Double mu, float @Nullable [] sigmas) {
    super(FlowLevels.of(config.only(FIELDS), steps, mu, sigmas));
    this.stochastic = config.flag("stochastic_sampling", false);
  }

  @Override
  public SamplerState step(SamplerState state, float[] velocity) {
    if (stochastic) {
      return renoised(state, velocity);
    }
    float dt = levels.sigma(state.step() + 1) - levels.sigma(state.step());
    return state.next(SigmaSampler.along(state.sample(), velocity, dt));
  }
}
