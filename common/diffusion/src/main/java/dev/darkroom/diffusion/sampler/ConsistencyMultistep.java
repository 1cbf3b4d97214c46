package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.random.NoiseSource;
import dev.darkroom.diffusion.schedule.EdmLevels;
import dev.darkroom.diffusion.schedule.SchedulerConfig;

/**
 * Multistep sampling of a consistency model: estimate x_0, add noise for the next level. Song et
 * al. 2023, algorithm 1; {@code CMStochasticIterativeScheduler} of diffusers. The sample is x_0 +
 * sigma e; the network is told 250 log(sigma). Draws at every step, the last one too, but not where
 * there is only one.
 */
public final class ConsistencyMultistep extends LevelSampler {
  static final String FIELDS =
      "num_train_timesteps sigma_min sigma_max sigma_data s_noise rho clip_denoised";

  private final CleanEstimate.Limit limit;
  private final float sigmaMin;
  private final float sigmaMax;
  private final float squaredMin;
  private final float sigmaData;
  private final float squaredData;
  private final float noiseScale;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T], where T is 40 if the configuration is silent
   */
  public ConsistencyMultistep(SchedulerConfig config, int steps) {
    super(EdmLevels.consistency(own(config), steps));
    SchedulerConfig own = own(config);
    double min = own.number("sigma_min", 0.002);
    double data = own.number("sigma_data", 0.5);
    this.sigmaMin = (float) min;
    this.squaredMin = (float) (min * min);
    this.sigmaMax = (float) own.number("sigma_max", 80);
    this.sigmaData = (float) data;
    this.squaredData = (float) (data * data);
    this.noiseScale = (float) own.number("s_noise", 1);
    this.limit =
        own.flag("clip_denoised", true)
            ? new CleanEstimate.Limit.Clip(1f)
            : new CleanEstimate.Limit.None();
  }

  private static SchedulerConfig own(SchedulerConfig config) {
    return config.only(FIELDS).orElse("num_train_timesteps", 40);
  }

  @Override
  public float initNoiseSigma() {
    return sigmaMax;
  }

  @Override
  public float[] addNoise(float[] x0, float[] noise, int step) {
    return SigmaSampler.along(x0, noise, levels.sigma(step));
  }

  @Override
  public float[] modelInput(SamplerState state) {
    float sigma = levels.sigma(state.step());
    return SigmaSampler.divided(state.sample(), (float) Math.sqrt(sigma * sigma + squaredData));
  }

  /** The consistency function c_skip x + c_out F, which at sigma_min is the sample itself. */
  @Override
  public float[] denoised(SamplerState state, float[] output) {
    float sigma = levels.sigma(state.step());
    float above = sigma - sigmaMin;
    float cSkip = 1f / (above * above + squaredData) * squaredData;
    float cOut = above * sigmaData / (float) Math.sqrt(sigma * sigma + squaredData);
    float[] x0 = new float[output.length];
    for (int i = 0; i < x0.length; i++) {
      x0[i] = cOut * output[i] + cSkip * state.sample()[i];
    }
    limit.apply(x0);
    return x0;
  }

  @Override
  public SamplerState step(SamplerState state, float[] output) {
    float[] x0 = denoised(state, output);
    if (steps() == 1) {
      return state.next(x0);
    }
    NoiseSource generator = state.generator();
    float[] noise = generator.normal(x0.length);
    float next = Math.clamp(levels.sigma(state.step() + 1), sigmaMin, sigmaMax);
    float deviation = (float) Math.sqrt(Math.max(next * next - squaredMin, 0));
    for (int i = 0; i < x0.length; i++) {
      x0[i] += noise[i] * noiseScale * deviation;
    }
    return state.next(x0, generator);
  }
}
