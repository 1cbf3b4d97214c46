package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.random.NoiseSource;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.Timesteps;

/**
 * Denoising diffusion implicit models. Song et al. 2021, equations 12 and 16; {@code DDIMScheduler}
 * of diffusers.
 *
 * <p>eta is the share of DDPM's noise: 0 is deterministic. With eta above 0 every step draws, the
 * last one too.
 */
public final class Ddim extends DiscreteTimeSampler {
  static final String FIELDS =
      DiscreteTimeSampler.FIELDS
          + " clip_sample clip_sample_range set_alpha_to_one thresholding"
          + " dynamic_thresholding_ratio sample_max_value rescale_betas_zero_snr";

  private final int stride;
  private final float finalAlphaCumprod;
  private final float eta;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   * @param eta in [0, 1]
   */
  public Ddim(SchedulerConfig config, int steps, double eta) {
    this(config.only(FIELDS), Timesteps.of(config.only(FIELDS), steps), eta);
  }

  private Ddim(SchedulerConfig own, int[] timesteps, double eta) {
    super(own, CleanEstimate.Limit.of(own, true), timesteps);
    this.stride = schedule.numTrainTimesteps() / timesteps.length;
    this.finalAlphaCumprod = own.flag("set_alpha_to_one", true) ? 1f : schedule.alphasCumprod(0);
    this.eta = (float) checkedEta(eta);
  }

  static double checkedEta(double eta) {
    if (!(eta >= 0 && eta <= 1)) {
      throw DiffusionException.badInput("eta: expected 0 to 1, got " + eta);
    }
    return eta;
  }

  @Override
  public SamplerState step(SamplerState state, float[] prediction) {
    int t = timesteps[state.step()];
    float abar = schedule.alphasCumprod(t);
    float abarPrevious = alphasCumprod(t - stride, finalAlphaCumprod);

    float[] x0 = denoised(state, prediction);
    float[] e = estimate.epsilon(state.sample(), prediction, schedule.alpha(t), schedule.sigma(t));

    // sigma_t(eta), equation 16
    float variance = ((1f - abarPrevious) / (1f - abar)) * (1f - abar / abarPrevious);
    float sigma = eta * (float) Math.sqrt(variance);

    // equation 12: x_0, the direction to x_t, and noise
    float alphaPrevious = (float) Math.sqrt(abarPrevious);
    float direction = (float) Math.sqrt(1f - abarPrevious - sigma * sigma);
    float[] x = new float[x0.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = alphaPrevious * x0[i] + direction * e[i];
    }
    if (eta == 0f) {
      return state.next(x);
    }
    NoiseSource generator = state.generator();
    float[] noise = generator.normal(x.length);
    for (int i = 0; i < x.length; i++) {
      x[i] += sigma * noise[i];
    }
    return state.next(x, generator);
  }
}
