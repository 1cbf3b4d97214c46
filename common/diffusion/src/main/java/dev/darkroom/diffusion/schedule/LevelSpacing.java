package dev.darkroom.diffusion.schedule;

import dev.darkroom.diffusion.DiffusionException;
import org.jspecify.annotations.Nullable;

/** How noise levels are spread between the highest and the lowest, where the times do not say. */
enum LevelSpacing {
  /** Even in sigma^(1/7). Karras et al. 2022, equation 5. */
  KARRAS("use_karras_sigmas") {
    @Override
    double[] between(double max, double min, int count) {
      return karras(max, min, count, RHO);
    }
  },
  /** Even in log sigma. */
  EXPONENTIAL("use_exponential_sigmas") {
    @Override
    double[] between(double max, double min, int count) {
      double[] levels = TimestepSpacing.linspace(Math.log(max), Math.log(min), count);
      for (int i = 0; i < count; i++) {
        levels[i] = Math.exp(levels[i]);
      }
      return levels;
    }
  },
  /** Quantiles of the beta distribution with both parameters 0.6. Lee et al. 2024. */
  BETA("use_beta_sigmas") {
    @Override
    double[] between(double max, double min, int count) {
      BetaDistribution beta = new BetaDistribution(0.6, 0.6);
      double[] levels = TimestepSpacing.linspace(0, 1, count);
      for (int i = 0; i < count; i++) {
        levels[i] = min + beta.quantile(1 - levels[i]) * (max - min);
      }
      return levels;
    }
  },
  /** Even in lambda, which diffusers takes from float32 logarithms. Lu et al. 2022a, section 3. */
  LU("use_lu_lambdas") {
    @Override
    double[] between(double max, double min, int count) {
      double[] levels =
          TimestepSpacing.linspace((float) Math.log(max), (float) Math.log(min), count);
      for (int i = 0; i < count; i++) {
        levels[i] = Math.exp(levels[i]);
      }
      return levels;
    }
  };

  private static final double RHO = 7; // Karras et al. 2022, table 1

  private final String flag;

  LevelSpacing(String flag) {
    this.flag = flag;
  }

  /** Even in sigma^(1/rho). */
  static double[] karras(double max, double min, int count, double rho) {
    double[] levels = TimestepSpacing.linspace(0, 1, count);
    for (int i = 0; i < count; i++) {
      levels[i] = karras(max, min, levels[i], rho);
    }
    return levels;
  }

  /** The one at a share, in [0, 1], of the way from max to min. */
  static double karras(double max, double min, double share, double rho) {
    double maxRoot = Math.pow(max, 1 / rho);
    double minRoot = Math.pow(min, 1 / rho);
    return Math.pow(maxRoot + share * (minRoot - maxRoot), rho);
  }

  /**
   * From max down to min, both included; max alone where count is 1. The other way round where max
   * is the lower one.
   */
  abstract double[] between(double max, double min, int count);

  /** The same, refused where the bounds are no noise levels. */
  double[] levels(double max, double min, int count) {
    if (!(min > 0 && min <= max)) {
      throw DiffusionException.badCheckpoint(
          "scheduler_config.json: expected 0 < sigma_min <= sigma_max, got %s and %s"
              .formatted(min, max));
    }
    return between(max, min, count);
  }

  /** The one that a configuration asks for; null for none, and two are refused. */
  static @Nullable LevelSpacing of(SchedulerConfig config) {
    LevelSpacing asked = null;
    for (LevelSpacing each : values()) {
      if (config.flag(each.flag, false)) {
        if (asked != null) {
          throw DiffusionException.badCheckpoint(
              "scheduler_config.json: expected one of %s and %s, got both"
                  .formatted(asked.flag, each.flag));
        }
        asked = each;
      }
    }
    return asked;
  }
}
