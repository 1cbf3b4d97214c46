package dev.darkroom.diffusion.schedule;

/** The levels of {@code EDMEulerScheduler}: bounds of its own, and no training times. */
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

  /** n levels from sigma_max to sigma_min; the network is told log(sigma) / 4. */
  public static SigmaSchedule of(SchedulerConfig config, int steps) {
    Timesteps.checkSteps(steps, config.numTrainTimesteps());
    double min = config.number("sigma_min", 0.002);
    double max = config.number("sigma_max", 80);
    double rho = config.number("rho", 7);
    double[] levels =
        switch (config.option("sigma_schedule", Spread.KARRAS)) {
          case KARRAS -> LevelSpacing.karras(max, min, steps, rho);
          case EXPONENTIAL ->
              steps == 1
                  ? new double[] {min} // as torch.linspace from the lowest level has it
                  : LevelSpacing.EXPONENTIAL.levels(max, min, steps);
        };
    double[] times = new double[steps];
    for (int i = 0; i < steps; i++) {
      times[i] = 0.25f * (float) Math.log((float) levels[i]);
    }
    double last =
        switch (config.option("final_sigmas_type", FinalSigma.ZERO)) {
          case ZERO -> 0;
          case SIGMA_MIN -> levels[steps - 1];
        };
    return SigmaSchedule.of(times, levels, last);
  }
}
