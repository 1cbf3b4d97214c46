package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.ConfigOption;
import dev.darkroom.diffusion.schedule.PredictionType;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.SigmaSchedule;
import org.jspecify.annotations.Nullable;

/**
 * Euler's method on the probability flow. Karras et al. 2022, algorithm 1 without its second order;
 * {@code EulerDiscreteScheduler} of diffusers, without churn.
 */
public final class Euler extends SigmaSampler {
  static final String FIELDS =
      SPACED_FIELDS
          + " interpolation_type sigma_min sigma_max timestep_type final_sigmas_type"
          + " rescale_betas_zero_snr";

  /** What the network is told of a noise level. */
  private enum TimestepType implements ConfigOption {
    DISCRETE("discrete"),
    /** log(sigma) / 4, for networks that predict v. */
    CONTINUOUS("continuous");

    private final String configName;

    TimestepType(String configName) {
      this.configName = configName;
    }

    @Override
    public String configName() {
      return configName;
    }
  }

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   * @param sigmas levels to visit instead, falling, with the one where it ends; or null
   */
  public Euler(SchedulerConfig config, int steps, float @Nullable [] sigmas) {
    super(config.only(FIELDS), levels(config.only(FIELDS), steps, sigmas));
  }

  private static SigmaSchedule levels(SchedulerConfig own, int steps, float @Nullable [] sigmas) {
    SigmaSchedule levels =
        sigmas == null ? SigmaSchedule.kDiffusion(own, steps) : SigmaSchedule.chosen(own, sigmas);
    boolean continuous =
        own.option("timestep_type", TimestepType.DISCRETE) == TimestepType.CONTINUOUS
            && own.predictionType() == PredictionType.V_PREDICTION;
    if (!continuous) {
      return levels;
    }
    // One for each level but the last, which are n + 1 where they are spaced in log_linear.
    float[] times = new float[levels.sigmas().length - 1];
    for (int i = 0; i < times.length; i++) {
      times[i] = 0.25f * (float) Math.log(levels.sigma(i));
    }
    return levels.withTimesteps(times);
  }

  @Override
  public SamplerState step(SamplerState state, float[] output) {
    float dt = levels.sigma(state.step() + 1) - levels.sigma(state.step());
    return state.next(along(state.sample(), derivative(state, output), dt));
  }
}
