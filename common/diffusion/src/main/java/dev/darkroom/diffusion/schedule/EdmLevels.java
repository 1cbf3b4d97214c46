package dev.darkroom.diffusion.schedule;

import java.util.Arrays;

/**
 * The levels of EDM: n from sigma_max to sigma_min, with bounds of its own and no training times.
 * And those of the consistency models, which were trained on them.
 */
public final class EdmLevels {
  private EdmLevels() {}

  /** How the levels are spread. */
  private enum Spread implements ConfigOption {
    KARRAS("karras"),
    EXPONENTIAL("exponential");

    private final String configName;

    Spread(String configName) {
      this.configName = configName;
    }

    @Override
    public String configName() {
      return configName;
    }
  }

  /** {@code EDMEulerScheduler}. Its last level, where it ends above 0, is the one before. */
  public static SigmaSchedule euler(SchedulerConfig config, int steps) {
    float[] levels =
        switch (spread(config, steps)) {
          case KARRAS -> floats(LevelSpacing.karras(max(config), min(config), steps, rho(config)));
          case EXPONENTIAL -> exponential(config, steps);
        };
    return ending(config, levels, levels[steps - 1]);
  }

  /**
   * {@code EDMDPMSolverMultistepScheduler}, which spreads Karras' levels in float32. Its last
   * level, where it ends above 0, is sigma_min.
   */
  public static SigmaSchedule multistep(SchedulerConfig config, int steps) {
    float[] levels =
        switch (spread(config, steps)) {
          case KARRAS -> karras(config, steps);
          case EXPONENTIAL -> exponential(config, steps);
        };
    return ending(config, levels, (float) min(config));
  }

  /**
   * {@code CMStochasticIterativeScheduler}: n of the T levels of training, every (T / n)-th from
   * sigma_max, and sigma_min. The network is told 250 log(sigma).
   */
  public static SigmaSchedule consistency(SchedulerConfig config, int steps) {
    int trainSteps = config.numTrainTimesteps();
    Timesteps.checkSteps(steps, trainSteps);
    checkBounds(config);
    if (trainSteps == 1) {
      throw config.wrong("num_train_timesteps", "2 or more");
    }
    double[] levels = new double[steps];
    double[] times = new double[steps];
    for (int i = 0; i < steps; i++) {
      double share = (double) i * (trainSteps / steps) / (trainSteps - 1);
      levels[i] = LevelSpacing.karras(max(config), min(config), share, rho(config));
      times[i] = 250 * Math.log(levels[i]);
    }
    return SigmaSchedule.of(times, levels, min(config));
  }

  private static Spread spread(SchedulerConfig config, int steps) {
    Timesteps.checkSteps(steps, config.numTrainTimesteps());
    checkBounds(config);
    return config.option("sigma_schedule", Spread.KARRAS);
  }

  private static void checkBounds(SchedulerConfig config) {
    if (!(min(config) > 0 && min(config) <= max(config))) {
      throw config.wrong("sigma_min", "more than 0 and at most sigma_max " + max(config));
    }
  }

  private static float[] karras(SchedulerConfig config, int steps) {
    double rho = rho(config);
    double maxRoot = Math.pow(max(config), 1 / rho);
    float difference = (float) (Math.pow(min(config), 1 / rho) - maxRoot);
    float[] levels = NoiseSchedule.linspace(0, 1, steps);
    for (int i = 0; i < steps; i++) {
      levels[i] = (float) Math.pow((float) maxRoot + levels[i] * difference, rho);
    }
    return levels;
  }

  /** Spread from the lowest: one level alone is that. */
  private static float[] exponential(SchedulerConfig config, int steps) {
    float[] logs =
        NoiseSchedule.linspace((float) Math.log(min(config)), (float) Math.log(max(config)), steps);
    float[] levels = new float[steps];
    for (int i = 0; i < steps; i++) {
      levels[i] = (float) Math.exp(logs[steps - 1 - i]);
    }
    return levels;
  }

  /** The network is told log(sigma) / 4. */
  private static SigmaSchedule ending(SchedulerConfig config, float[] levels, float lowest) {
    float[] times = new float[levels.length];
    for (int i = 0; i < times.length; i++) {
      times[i] = 0.25f * (float) Math.log(levels[i]);
    }
    float[] sigmas = Arrays.copyOf(levels, levels.length + 1);
    sigmas[levels.length] =
        switch (config.option("final_sigmas_type", FinalSigma.ZERO)) {
          case ZERO -> 0;
          case SIGMA_MIN -> lowest;
        };
    return SigmaSchedule.of(times, sigmas);
  }

  private static double min(SchedulerConfig config) {
    return config.number("sigma_min", 0.002);
  }

  private static double max(SchedulerConfig config) {
    return config.number("sigma_max", 80);
  }

  private static double rho(SchedulerConfig config) {
    return config.number("rho", 7);
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}
