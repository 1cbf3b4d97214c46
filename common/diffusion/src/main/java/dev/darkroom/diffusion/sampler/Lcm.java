package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.random.NoiseSource;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import org.jspecify.annotations.Nullable;

/**
 * Multistep sampling of a latent consistency model: estimate x_0, add noise for the next time. Luo
 * et al. 2023, algorithm 3; {@code LCMScheduler} of diffusers. Draws at every step but the last.
 */
public final class Lcm extends DiscreteTimeSampler {
  static final String FIELDS =
      DiscreteTimeSampler.FIELDS
          + " original_inference_steps clip_sample clip_sample_range set_alpha_to_one thresholding"
          + " dynamic_thresholding_ratio sample_max_value timestep_scaling rescale_betas_zero_snr";

  /** Of the data that the boundary condition is written for. */
  private static final float SIGMA_DATA = 0.5f;

  private final float timestepScaling;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, original steps]
   * @param originalSteps null is the configuration's own, 50 by default
   * @param strength the share of them to take the steps from, in (0, 1]
   */
  public Lcm(SchedulerConfig config, int steps, @Nullable Integer originalSteps, double strength) {
    this(
        DistilledTimes.withDefaults(config.only(FIELDS)),
        steps,
        originalSteps == null ? config.integer("original_inference_steps", 50) : originalSteps,
        strength);
  }

  private Lcm(SchedulerConfig own, int steps, int originalSteps, double strength) {
    super(
        own,
        CleanEstimate.Limit.of(own, false),
        DistilledTimes.of(own, steps, originalSteps, strength));
    this.timestepScaling = (float) own.number("timestep_scaling", 10);
  }

  /** The consistency function c_skip x + c_out x_0, which at t = 0 is the sample itself. */
  @Override
  public float[] denoised(SamplerState state, float[] prediction) {
    float t = timesteps[state.step()] * timestepScaling;
    float square = t * t + SIGMA_DATA * SIGMA_DATA;
    float cSkip = SIGMA_DATA * SIGMA_DATA / square;
    float cOut = t / (float) Math.sqrt(square);
    float[] x0 = super.denoised(state, prediction);
    for (int i = 0; i < x0.length; i++) {
      x0[i] = cOut * x0[i] + cSkip * state.sample()[i];
    }
    return x0;
  }

  @Override
  public SamplerState step(SamplerState state, float[] prediction) {
    float[] x = denoised(state, prediction);
    if (state.step() == timesteps.length - 1) {
      return state.next(x);
    }
    int next = timesteps[state.step() + 1];
    NoiseSource generator = state.generator();
    return state.next(schedule.addNoise(x, generator.normal(x.length), next), generator);
  }
}
