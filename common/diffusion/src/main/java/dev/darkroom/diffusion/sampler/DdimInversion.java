package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.TimestepSpacing;
import dev.darkroom.diffusion.schedule.Timesteps;

/**
 * DDIM run backwards, from an image to the noise that {@link Ddim} makes it of. Song et al. 2021,
 * section 4.3; {@code DDIMInverseScheduler} of diffusers.
 *
 * <p>Times rise. The network is asked at time t for the step from t - stride to t.
 */
public final class DdimInversion extends DiscreteTimeSampler {
  static final String FIELDS =
      DiscreteTimeSampler.FIELDS
          + " clip_sample clip_sample_range set_alpha_to_one rescale_betas_zero_snr";

  private final int stride;
  private final float initialAlphaCumprod;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   */
  public DdimInversion(SchedulerConfig config, int steps) {
    this(config.only(FIELDS), rising(config.only(FIELDS), steps));
  }

  private DdimInversion(SchedulerConfig own, int[] timesteps) {
    super(own, CleanEstimate.Limit.of(own, true), timesteps);
    this.stride = schedule.numTrainTimesteps() / timesteps.length;
    this.initialAlphaCumprod = own.flag("set_alpha_to_one", true) ? 1f : schedule.alphasCumprod(0);
  }

  private static int[] rising(SchedulerConfig own, int steps) {
    if (own.option("timestep_spacing", TimestepSpacing.LEADING) == TimestepSpacing.LINSPACE) {
      throw own.wrong("timestep_spacing", "leading or trailing");
    }
    int[] falling = Timesteps.of(own, steps);
    int[] rising = new int[falling.length];
    for (int i = 0; i < rising.length; i++) {
      rising[i] = falling[falling.length - 1 - i];
    }
    return rising;
  }

  @Override
  public float[] denoised(SamplerState state, float[] prediction) {
    float abar = abarBefore(state);
    float[] x0 = estimate.x0(state.sample(), prediction, root(abar), root(1f - abar));
    limit.apply(x0);
    return x0;
  }

  @Override
  public SamplerState step(SamplerState state, float[] prediction) {
    float abar = abarBefore(state);
    int t = timesteps[state.step()];
    float[] x0 = denoised(state, prediction);
    float[] e = estimate.epsilon(state.sample(), prediction, root(abar), root(1f - abar));
    float[] x = new float[x0.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = schedule.alpha(t) * x0[i] + schedule.sigma(t) * e[i];
    }
    return state.next(x);
  }

  private float abarBefore(SamplerState state) {
    return alphasCumprod(timesteps[state.step()] - stride, initialAlphaCumprod);
  }

  private static float root(float value) {
    return (float) Math.sqrt(value);
  }
}
