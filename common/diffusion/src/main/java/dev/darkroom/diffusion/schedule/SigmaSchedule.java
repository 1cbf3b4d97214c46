package dev.darkroom.diffusion.schedule;

import dev.darkroom.diffusion.DiffusionException;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * The noise levels that a sampler of the sigma form visits: a time for each network call, and the
 * level before each, with the one where it ends. Sigma is noise over signal, sqrt((1 - abar) /
 * abar). Immutable.
 */
public final class SigmaSchedule {
  private final float[] timesteps;
  private final float[] sigmas;

  private SigmaSchedule(float[] timesteps, float[] sigmas) {
    this.timesteps = timesteps;
    this.sigmas = sigmas;
  }

  /**
   * Given levels.
   *
   * @param sigmas more than there are times
   */
  public static SigmaSchedule of(float[] timesteps, float[] sigmas) {
    if (sigmas.length <= timesteps.length) {
      throw DiffusionException.internal(
          "expected more than %d sigmas, got %d".formatted(timesteps.length, sigmas.length), null);
    }
    return new SigmaSchedule(timesteps.clone(), sigmas.clone());
  }

  static SigmaSchedule of(double[] timesteps, double[] levels, double last) {
    float[] sigmas = Arrays.copyOf(floats(levels), levels.length + 1);
    sigmas[levels.length] = (float) last;
    return new SigmaSchedule(floats(timesteps), sigmas);
  }

  /**
   * The levels of the samplers that come from k-diffusion (Euler, Heun, LMS, KDPM2): times may be
   * fractions, and a spacing of levels lies between those that the times have.
   */
  public static SigmaSchedule kDiffusion(SchedulerConfig config, int steps) {
    return kDiffusion(config, steps, time -> (float) time);
  }

  /** The same for {@code DPMSolverSDEScheduler}, which keeps its times in double. */
  public static SigmaSchedule kDiffusionOfDoubles(SchedulerConfig config, int steps) {
    return kDiffusion(config, steps, DoubleUnaryOperator.identity());
  }

  private static SigmaSchedule kDiffusion(
      SchedulerConfig config, int steps, DoubleUnaryOperator kept) {
    TrainedLevels trained = TrainedLevels.of(config);
    Timesteps.checkSteps(steps, trained.count());
    double[] times =
        config
            .option("timestep_spacing", TimestepSpacing.LINSPACE)
            .timesteps(trained.count(), steps, config.integer("steps_offset", 0));
    for (int i = 0; i < times.length; i++) {
      times[i] = kept.applyAsDouble(times[i]);
      Timesteps.checkTime(times[i], trained.count(), steps);
    }
    double[] levels =
        switch (config.option("interpolation_type", Interpolation.LINEAR)) {
          case LINEAR -> trained.at(times);
          case LOG_LINEAR ->
              LevelSpacing.EXPONENTIAL.between(trained.max(), trained.min(), steps + 1);
        };
    LevelSpacing spacing = LevelSpacing.of(config);
    if (spacing != null) {
      levels =
          spacing.levels(
              config.number("sigma_max", levels[0]),
              config.number("sigma_min", levels[levels.length - 1]),
              steps);
      times = trained.timesOf(levels);
    }
    return of(times, levels, finalSigma(config, trained));
  }

  /**
   * Levels that the caller chose.
   *
   * @param sigmas falling; the last one is where the sampler ends
   */
  public static SigmaSchedule chosen(SchedulerConfig config, float[] sigmas) {
    if (sigmas.length < 2) {
      throw DiffusionException.badInput(
          "sigmas: expected two or more, the last where the sampler ends, got " + sigmas.length);
    }
    TrainedLevels trained = TrainedLevels.of(config);
    float[] times = new float[sigmas.length - 1];
    for (int i = 0; i < times.length; i++) {
      times[i] = (float) trained.timeOf(sigmas[i]);
    }
    return of(times, sigmas);
  }

  /** The same levels with other times. */
  public SigmaSchedule withTimesteps(float[] other) {
    return of(other, sigmas);
  }

  /** Every inner time and level twice: what a sampler visits that asks the network twice a step. */
  public SigmaSchedule twice() {
    int n = timesteps.length;
    float[] times = new float[2 * n - 1];
    float[] levels = new float[2 * n];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = sigmas[(i + 1) / 2];
    }
    for (int i = 0; i < times.length; i++) {
      times[i] = timesteps[(i + 1) / 2];
    }
    return new SigmaSchedule(times, levels);
  }

  /** The number of network calls. */
  public int steps() {
    return timesteps.length;
  }

  /** The time that call i tells the network. */
  public float timestep(int i) {
    return timesteps[i];
  }

  /** The level before call i, for i in [0, n]; the one at n is where the sampler ends. */
  public float sigma(int i) {
    return sigmas[i];
  }

  /** All levels. */
  public float[] sigmas() {
    return sigmas.clone();
  }

  /** The highest level. */
  public float max() {
    float max = 0;
    for (float sigma : sigmas) {
      max = Math.max(max, sigma);
    }
    return max;
  }

  static float finalSigma(SchedulerConfig config, TrainedLevels trained) {
    return switch (config.option("final_sigmas_type", FinalSigma.ZERO)) {
      case ZERO -> 0f;
      case SIGMA_MIN -> trained.min();
    };
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  /** Where a level between the trained ones comes from. */
  private enum Interpolation implements ConfigOption {
    LINEAR("linear"),
    /** n + 1 levels even in log sigma over all of training, whatever the times. */
    LOG_LINEAR("log_linear");

    private final String configName;

    Interpolation(String configName) {
      this.configName = configName;
    }

    @Override
    public String configName() {
      return configName;
    }
  }
}
