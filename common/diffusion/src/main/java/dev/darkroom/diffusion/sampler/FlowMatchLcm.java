package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.FlowLevels;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import org.jspecify.annotations.Nullable;

/**
 * {@link Lcm}'s multistep sampling on a flow: estimate x_0, add noise for the next level. Luo et
 * al. 2023, algorithm 3; {@code FlowMatchLCMScheduler} of diffusers, at one size. Draws at every
 * step, the last one too.
 */
public final class FlowMatchLcm extends FlowSampler {
  static final String FIELDS = SHIFTED_FIELDS + " scale_factors upscale_mode";

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   * @param mu the shift for the picture's size, where the configuration shifts dynamically; or null
   * @param sigmas levels, one a step and not yet shifted; or null for even ones
   */
  public FlowMatchLcm(
      SchedulerConfig config, int steps, @Nullable Double mu, float @Nullable [] sigmas) {
    super(FlowLevels.of(config.only(FIELDS), steps, mu, sigmas));
    config.requireAbsent("scale_factors"); // which make the picture grow from step to step
  }

  @Override
  public SamplerState step(SamplerState state, float[] velocity) {
    return renoised(state, velocity);
  }
}
