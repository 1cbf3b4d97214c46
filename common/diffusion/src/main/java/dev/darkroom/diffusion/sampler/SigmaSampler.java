package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.PredictionType;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.SigmaSchedule;
import dev.darkroom.diffusion.schedule.TimestepSpacing;

/**
 * Samplers in sigma space, where the sample is x_0 + sigma e and follows dx/dsigma = (x - x_0) /
 * sigma. Karras et al. 2022, equation 4. The network is shown x / sqrt(sigma^2 + 1).
 */
abstract sealed class SigmaSampler extends LevelSampler
    permits DpmSolverSde, Euler, EulerAncestral, Heun, Kdpm2, Kdpm2Ancestral, Lms {
  /** The fields that all their classes in diffusers have. */
  static final String FIELDS =
      "num_train_timesteps beta_start beta_end beta_schedule trained_betas prediction_type"
          + " timestep_spacing steps_offset";

  /** The fields of those that have a choice of levels. */
  static final String SPACED_FIELDS =
      FIELDS + " use_karras_sigmas use_exponential_sigmas use_beta_sigmas";

  private final PredictionType prediction;
  private final float initNoiseSigma;

  SigmaSampler(SchedulerConfig config, SigmaSchedule levels) {
    super(levels);
    this.prediction = CleanEstimate.withoutFlow(config).prediction();
    float max = levels.max();
    this.initNoiseSigma =
        switch (config.option("timestep_spacing", TimestepSpacing.LINSPACE)) {
          case LINSPACE, TRAILING -> max;
          case LEADING -> (float) Math.sqrt(max * max + 1f);
        };
  }

  /**
   * The bounds of the betas that Heun, both KDPM2 and DPM-Solver SDE default to: Stable
   * Diffusion's.
   */
  static SchedulerConfig withStableDiffusionBetas(SchedulerConfig config) {
    return config.orElse("beta_start", 0.00085).orElse("beta_end", 0.012);
  }

  @Override
  public final float initNoiseSigma() {
    return initNoiseSigma;
  }

  @Override
  public final float[] addNoise(float[] x0, float[] noise, int step) {
    return along(x0, noise, levels.sigma(step));
  }

  /** The noise level of the sample that the network is about to be shown. */
  float sigma(SamplerState state) {
    return levels.sigma(state.step());
  }

  @Override
  public final float[] modelInput(SamplerState state) {
    float sigma = sigma(state);
    return divided(state.sample(), (float) Math.sqrt(sigma * sigma + 1f));
  }

  static float[] divided(float[] x, float by) {
    float[] y = x.clone();
    for (int i = 0; i < y.length; i++) {
      y[i] /= by;
    }
    return y;
  }

  @Override
  public float[] denoised(SamplerState state, float[] output) {
    float sigma = sigma(state);
    float[] x = state.sample();
    float[] x0 = new float[x.length];
    switch (prediction) {
      case EPSILON, FLOW -> {
        for (int i = 0; i < x0.length; i++) {
          x0[i] = x[i] - sigma * output[i];
        }
      }
      case V_PREDICTION -> {
        float square = sigma * sigma + 1f;
        float cOut = -sigma / (float) Math.sqrt(square);
        for (int i = 0; i < x0.length; i++) {
          x0[i] = output[i] * cOut + x[i] / square;
        }
      }
      case SAMPLE -> System.arraycopy(output, 0, x0, 0, x0.length);
    }
    return x0;
  }

  /** (x - x_0) / sigma, the slope at the sample. */
  final float[] derivative(SamplerState state, float[] output) {
    float sigma = sigma(state);
    float[] x = state.sample();
    float[] d = denoised(state, output);
    for (int i = 0; i < d.length; i++) {
      d[i] = (x[i] - d[i]) / sigma;
    }
    return d;
  }

  /** x + d dt. */
  static float[] along(float[] x, float[] d, float dt) {
    float[] next = new float[x.length];
    for (int i = 0; i < next.length; i++) {
      next[i] = x[i] + d[i] * dt;
    }
    return next;
  }
}
