package dev.darkroom.diffusion.schedule;

import dev.darkroom.diffusion.DiffusionException;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The levels of the solvers of DPM-Solver's kin. They tell the network whole times, count n + 1
 * points, and spread a spacing of levels over all of training. In the details each class of
 * diffusers has its own way.
 */
public final class SolverLevels {
  private SolverLevels() {}

  /**
   * {@code DPMSolverMultistepScheduler}.
   *
   * @param mu log of the flow's shift, where the configuration shifts by picture size
   */
  public static SigmaSchedule multistep(SchedulerConfig config, int steps, @Nullable Double mu) {
    TrainedLevels trained = trained(config, steps);
    LevelSpacing spacing = LevelSpacing.of(config);
    double last = SigmaSchedule.finalSigma(config, trained);
    if (isFlow(config, spacing)) {
      double[] levels = risingFlow(config, steps, mu);
      return SigmaSchedule.of(flowTimes(config, levels), levels, last);
    }
    if (spacing != null) {
      double[] levels = spacing.levels(trained.max(), trained.min(), steps);
      // diffusers rounds the times of all schedules but the cosine one, which it cuts.
      boolean cut =
          config.option("beta_schedule", BetaSchedule.LINEAR) == BetaSchedule.SQUAREDCOS_CAP_V2;
      DoubleUnaryOperator whole =
          switch (spacing) {
            case KARRAS, LU -> cut ? Math::floor : Math::rint;
            case EXPONENTIAL, BETA -> Math::floor;
          };
      return SigmaSchedule.of(map(trained.timesOf(levels), whole), levels, last);
    }
    int lastTimestep = trained.count() - clipped(config, trained);
    double[] times = spacedTimes(config, trained, lastTimestep, steps);
    return SigmaSchedule.of(times, trained.at(times), last);
  }

  /**
   * {@code DPMSolverMultistepInverseScheduler}: rising. Spaced levels end on an empty step. As
   * there, a flow's levels are not turned round, and whole times count once, but not those that are
   * cut to whole ones.
   */
  public static SigmaSchedule inverseMultistep(SchedulerConfig config, int steps) {
    TrainedLevels trained = trained(config, steps);
    LevelSpacing spacing = LevelSpacing.of(config);
    if (isFlow(config, spacing)) {
      double[] levels = risingFlow(config, steps, null);
      return SigmaSchedule.of(flowTimes(config, levels), levels, levels[steps - 1]);
    }
    if (spacing != null) {
      double[] levels = spacing.between(trained.min(), trained.max(), steps);
      double[] times = roundedKarras(spacing, trained, levels);
      return spacing == LevelSpacing.KARRAS
          ? distinct(times, levels, levels[steps - 1])
          : SigmaSchedule.of(times, levels, levels[steps - 1]);
    }
    int lastTimestep = trained.count() - clipped(config, trained);
    double[] times =
        config
            .option("timestep_spacing", TimestepSpacing.LINSPACE)
            .inverseSolverTimesteps(
                trained.count(), lastTimestep, steps, config.integer("steps_offset", 0));
    for (double time : times) {
      Timesteps.checkTime(time, trained.count(), steps);
    }
    double[] ends = trained.at(new double[] {lastTimestep - 1});
    return distinct(times, trained.at(times), ends[0]);
  }

  /** Each time once, and all levels: more than there are calls for. */
  private static SigmaSchedule distinct(double[] times, double[] levels, double last) {
    return SigmaSchedule.of(Arrays.stream(times).distinct().toArray(), levels, last);
  }

  /** {@code DPMSolverSinglestepScheduler}: always {@code linspace}. */
  public static SigmaSchedule singlestep(SchedulerConfig config, int steps, @Nullable Double mu) {
    TrainedLevels trained = trained(config, steps);
    LevelSpacing spacing = LevelSpacing.of(config);
    double last = SigmaSchedule.finalSigma(config, trained);
    if (isFlow(config, spacing)) {
      double[] levels = risingFlow(config, steps, mu);
      return SigmaSchedule.of(flowTimes(config, levels), levels, last);
    }
    if (spacing != null) {
      double[] levels = spacing.levels(trained.max(), trained.min(), steps);
      return SigmaSchedule.of(roundedKarras(spacing, trained, levels), levels, last);
    }
    int lastTimestep = trained.count() - clipped(config, trained);
    double[] times =
        map(
            TimestepSpacing.LINSPACE.solverTimesteps(trained.count(), lastTimestep, steps, 0),
            Math::rint);
    return SigmaSchedule.of(times, trained.at(times), last);
  }

  /**
   * {@code DEISMultistepScheduler} and {@code SASolverScheduler}: their last step is empty on
   * spaced levels.
   */
  public static SigmaSchedule deis(SchedulerConfig config, int steps, @Nullable Double mu) {
    TrainedLevels trained = trained(config, steps);
    LevelSpacing spacing = LevelSpacing.of(config);
    if (isFlow(config, spacing)) {
      double[] levels = risingFlow(config, steps, mu);
      return SigmaSchedule.of(flowTimes(config, levels), levels, levels[steps - 1]);
    }
    if (spacing != null) {
      double[] levels = spacing.levels(trained.max(), trained.min(), steps);
      return SigmaSchedule.of(roundedKarras(spacing, trained, levels), levels, levels[steps - 1]);
    }
    int lastTimestep = trained.count() - clipped(config, trained);
    double[] times = spacedTimes(config, trained, lastTimestep, steps);
    return SigmaSchedule.of(times, trained.at(times), trained.min());
  }

  /**
   * {@code UniPCMultistepScheduler}.
   *
   * @param sigmas the flow's levels before they are shifted; null for even ones
   */
  public static SigmaSchedule uniPc(
      SchedulerConfig config, int steps, @Nullable Double mu, float @Nullable [] sigmas) {
    TrainedLevels trained = trained(config, steps);
    LevelSpacing spacing = LevelSpacing.of(config);
    boolean flow = config.flag("use_flow_sigmas", false);
    boolean toZero = config.option("final_sigmas_type", FinalSigma.ZERO) == FinalSigma.ZERO;
    if (!flow) {
      config.requireAbsent("shift_terminal");
    }
    if (!flow && sigmas != null) {
      throw DiffusionException.badInput(
          "sigmas: expected none without use_flow_sigmas, got " + sigmas.length);
    }
    if (spacing == null && !flow) {
      double[] times = spacedTimes(config, trained, trained.count(), steps);
      return SigmaSchedule.of(times, trained.at(times), SigmaSchedule.finalSigma(config, trained));
    }
    double[] levels;
    double[] times;
    if (spacing == null) {
      levels = FlowShift.of(config, "flow_shift").apply(fallingFlow(config, steps, sigmas), mu);
      if (Math.abs(levels[0] - 1) < 1e-6) {
        levels[0] -= 1e-6; // pure noise has no log signal-to-noise
      }
      times = flowTimes(config, levels);
    } else {
      levels =
          spacing.levels(
              config.number("sigma_max", trained.max()),
              config.number("sigma_min", trained.min()),
              steps);
      if (flow && spacing == LevelSpacing.KARRAS) {
        levels = map(levels, sigma -> sigma / (sigma + 1));
        times = flowTimes(config, levels);
      } else {
        times = roundedKarras(spacing, trained, levels);
      }
    }
    return SigmaSchedule.of(times, levels, toZero ? 0 : levels[levels.length - 1]);
  }

  private static TrainedLevels trained(SchedulerConfig config, int steps) {
    TrainedLevels trained = TrainedLevels.of(config);
    Timesteps.checkSteps(steps, trained.count());
    return trained;
  }

  private static boolean isFlow(SchedulerConfig config, @Nullable LevelSpacing spacing) {
    boolean flow = config.flag("use_flow_sigmas", false);
    if (flow && spacing != null) {
      throw config.wrong("use_flow_sigmas", "false beside another spacing of levels");
    }
    return flow;
  }

  private static int clipped(SchedulerConfig config, TrainedLevels trained) {
    return trained.clipped(config.number("lambda_min_clipped", Double.NEGATIVE_INFINITY));
  }

  private static double[] spacedTimes(
      SchedulerConfig config, TrainedLevels trained, int lastTimestep, int steps) {
    double[] times =
        config
            .option("timestep_spacing", TimestepSpacing.LINSPACE)
            .solverTimesteps(
                trained.count(), lastTimestep, steps, config.integer("steps_offset", 0));
    for (int i = 0; i < times.length; i++) {
      times[i] = Math.rint(times[i]);
      Timesteps.checkTime(times[i], trained.count(), steps);
    }
    return times;
  }

  /** diffusers rounds the times of Karras' levels, and cuts those of the other spacings. */
  private static double[] roundedKarras(
      LevelSpacing spacing, TrainedLevels trained, double[] levels) {
    return map(trained.timesOf(levels), spacing == LevelSpacing.KARRAS ? Math::rint : Math::floor);
  }

  /** From 1 - 1/T down, shifted: n levels, without pure noise. */
  private static double[] risingFlow(SchedulerConfig config, int steps, @Nullable Double mu) {
    if (mu != null && !config.flag("use_dynamic_shifting", false)) {
      throw DiffusionException.badInput(
          "mu: expected none without use_dynamic_shifting, got " + mu);
    }
    double shift = mu == null ? config.number("flow_shift", 1) : Math.exp(mu);
    double[] alphas = TimestepSpacing.linspace(1, 1.0 / config.numTrainTimesteps(), steps + 1);
    double[] levels = new double[steps];
    for (int i = 0; i < steps; i++) {
      double sigma = 1 - alphas[steps - i];
      levels[i] = shift * sigma / (1 + (shift - 1) * sigma);
    }
    return levels;
  }

  /** From 1 down, not yet shifted. */
  private static double[] fallingFlow(
      SchedulerConfig config, int steps, float @Nullable [] sigmas) {
    if (sigmas == null) {
      double[] even = TimestepSpacing.linspace(1, 1.0 / config.numTrainTimesteps(), steps + 1);
      return Arrays.copyOf(even, steps);
    }
    if (sigmas.length != steps) {
      throw DiffusionException.badInput(
          "sigmas: expected one a step, %d, got %d".formatted(steps, sigmas.length));
    }
    double[] levels = new double[steps];
    for (int i = 0; i < steps; i++) {
      levels[i] = sigmas[i];
    }
    return levels;
  }

  private static double[] flowTimes(SchedulerConfig config, double[] levels) {
    return map(levels, sigma -> Math.floor(sigma * config.numTrainTimesteps()));
  }

  private static double[] map(double[] values, DoubleUnaryOperator operator) {
    return Arrays.stream(values).map(operator).toArray();
  }
}
