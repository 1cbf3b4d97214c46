package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.random.NoiseSource;
import dev.darkroom.diffusion.schedule.ConfigOption;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.Timesteps;

/**
 * Denoising diffusion probabilistic models: ancestral sampling of the learned Markov chain. Ho et
 * al. 2020, equations 6, 7 and 15; {@code DDPMScheduler} of diffusers. Draws at every step but one
 * at t = 0.
 */
public final class Ddpm extends DiscreteTimeSampler {
  static final String FIELDS =
      DiscreteTimeSampler.FIELDS
          + " variance_type clip_sample clip_sample_range thresholding"
          + " dynamic_thresholding_ratio sample_max_value rescale_betas_zero_snr";

  /** The variance of p(x_{t-1} | x_t), between its two bounds. */
  private enum Variance implements ConfigOption {
    FIXED_SMALL("fixed_small"),
    FIXED_SMALL_LOG("fixed_small_log"),
    FIXED_LARGE("fixed_large");

    private final String configName;

    Variance(String configName) {
      this.configName = configName;
    }

    @Override
    public String configName() {
      return configName;
    }
  }

  private final Variance varianceType;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   */
  public Ddpm(SchedulerConfig config, int steps) {
    this(config.only(FIELDS), Timesteps.of(config.only(FIELDS), steps));
  }

  private Ddpm(SchedulerConfig own, int[] timesteps) {
    super(own, CleanEstimate.Limit.of(own, true), timesteps);
    this.varianceType = own.option("variance_type", Variance.FIXED_SMALL);
  }

  @Override
  public SamplerState step(SamplerState state, float[] prediction) {
    int t = timesteps[state.step()];
    boolean last = state.step() == timesteps.length - 1;
    float abar = schedule.alphasCumprod(t);
    float abarPrevious = last ? 1f : schedule.alphasCumprod(timesteps[state.step() + 1]);
    float alpha = abar / abarPrevious; // of the whole stride
    float beta = 1f - alpha;

    // equation 7: the mean of q(x_{t-1} | x_t, x_0)
    float[] xt = state.sample();
    float[] x0 = denoised(state, prediction);
    float ofX0 = ((float) Math.sqrt(abarPrevious) * beta) / (1f - abar);
    float ofXt = (float) Math.sqrt(alpha) * (1f - abarPrevious) / (1f - abar);
    float[] x = new float[x0.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = ofX0 * x0[i] + ofXt * xt[i];
    }
    if (t == 0) {
      return state.next(x);
    }
    float small = Math.max((1f - abarPrevious) / (1f - abar) * beta, 1e-20f);
    float deviation =
        switch (varianceType) {
          case FIXED_SMALL -> (float) Math.sqrt(small);
          case FIXED_SMALL_LOG -> (float) Math.exp(0.5f * (float) Math.log(small));
          case FIXED_LARGE -> (float) Math.sqrt(beta);
        };
    NoiseSource generator = state.generator();
    float[] noise = generator.normal(x.length);
    for (int i = 0; i < x.length; i++) {
      x[i] += deviation * noise[i];
    }
    return state.next(x, generator);
  }
}
