package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.NoiseSchedule;
import dev.darkroom.diffusion.schedule.SchedulerConfig;

/**
 * Samplers that visit whole training times and keep the variance of the sample at one: x_t =
 * alpha_t x_0 + sigma_t e.
 */
abstract sealed class DiscreteTimeSampler implements Sampler
    permits Ddim, DdimInversion, Ddpm, Lcm, Pndm, Tcd {
  /** The fields that all their classes in diffusers have. */
  static final String FIELDS =
      "num_train_timesteps beta_start beta_end beta_schedule trained_betas prediction_type"
          + " timestep_spacing steps_offset";

  final NoiseSchedule schedule;
  final CleanEstimate estimate;
  final CleanEstimate.Limit limit;
  final int[] timesteps;

  DiscreteTimeSampler(SchedulerConfig config, CleanEstimate.Limit limit, int[] timesteps) {
    this.schedule = NoiseSchedule.of(config);
    this.estimate = CleanEstimate.withoutFlow(config);
    this.limit = limit;
    this.timesteps = timesteps;
  }

  @Override
  public final int steps() {
    return timesteps.length;
  }

  @Override
  public final float timestep(int step) {
    return timesteps[step];
  }

  @Override
  public final boolean hasWholeTimesteps() {
    return true;
  }

  @Override
  public final float[] sigmas() {
    return new float[0];
  }

  @Override
  public final float initNoiseSigma() {
    return 1f;
  }

  @Override
  public final float[] addNoise(float[] x0, float[] noise, int step) {
    return schedule.addNoise(x0, noise, timesteps[step]);
  }

  @Override
  public float[] denoised(SamplerState state, float[] prediction) {
    int t = timesteps[state.step()];
    float[] x0 = estimate.x0(state.sample(), prediction, schedule.alpha(t), schedule.sigma(t));
    limit.apply(x0);
    return x0;
  }

  /** abar at a time, or what stands for it before the first one. */
  final float alphasCumprod(int t, float beforeFirst) {
    return t >= 0 ? schedule.alphasCumprod(t) : beforeFirst;
  }
}
