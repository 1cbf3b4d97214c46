package dev.darkroom.diffusion.schedule;

import java.util.Arrays;

/** How the n times of a sampler are chosen among the T of training. Lin et al. 2024, table 2. */
public enum TimestepSpacing implements ConfigOption {
  /** Even over [0, T-1], both ends included. */
  LINSPACE("linspace"),
  /** i * (T / n) + steps_offset: never reaches T-1. */
  LEADING("leading"),
  /** T - i * T / n - 1: starts at T-1. */
  TRAILING("trailing");

  private final String configName;

  TimestepSpacing(String configName) {
    this.configName = configName;
  }

  @Override
  public String configName() {
    return configName;
  }

  /**
   * The n times of DDIM, DDPM and Euler, from noisy to clean.
   *
   * @param trainSteps T, the length of the training schedule
   * @param steps n
   * @param offset added by {@code leading}
   * @return n values in [0, T + offset); whole numbers but for {@code linspace}, which the caller
   *     rounds where it must
   */
  double[] timesteps(int trainSteps, int steps, int offset) {
    return switch (this) {
      case LINSPACE -> reversed(linspace(0, trainSteps - 1, steps));
      case LEADING -> leading(trainSteps / steps, steps, offset);
      case TRAILING -> trailing(trainSteps, (double) trainSteps / steps, steps);
    };
  }

  /**
   * The n times of the multistep DPM solvers, which count n + 1 points in {@code linspace} and
   * {@code leading}.
   */
  double[] solverTimesteps(int trainSteps, int lastTimestep, int steps, int offset) {
    return switch (this) {
      case LINSPACE -> {
        double[] points = reversed(linspace(0, lastTimestep - 1, steps + 1));
        yield Arrays.copyOf(points, steps);
      }
      case LEADING -> {
        double[] times = new double[steps];
        int ratio = lastTimestep / (steps + 1);
        for (int i = 0; i < steps; i++) {
          times[i] = (double) (steps - i) * ratio + offset;
        }
        yield times;
      }
      case TRAILING -> trailing(lastTimestep, (double) trainSteps / steps, steps);
    };
  }

  /** The same rising, of the solvers run backwards, whose points begin at the lowest. */
  double[] inverseSolverTimesteps(int trainSteps, int lastTimestep, int steps, int offset) {
    return switch (this) {
      case LINSPACE -> {
        double[] points = linspace(0, lastTimestep - 1, steps + 1);
        yield Arrays.stream(points).limit(steps).map(Math::rint).toArray();
      }
      case LEADING -> reversed(leading(lastTimestep / (steps + 1), steps, offset));
      case TRAILING -> reversed(trailing(lastTimestep, (double) trainSteps / steps, steps));
    };
  }

  /** {@code numpy.linspace}: its roundings, in double. */
  static double[] linspace(double start, double stop, int count) {
    double[] values = new double[count];
    double step = count > 1 ? (stop - start) / (count - 1) : 0;
    for (int i = 0; i < count; i++) {
      values[i] = i * step + start;
    }
    if (count > 1) {
      values[count - 1] = stop;
    }
    return values;
  }

  private static double[] leading(int ratio, int steps, int offset) {
    double[] times = new double[steps];
    for (int i = 0; i < steps; i++) {
      times[i] = (double) (steps - 1 - i) * ratio + offset;
    }
    return times;
  }

  /**
   * Counted down from the top. For some n (61 of T = 1000, say) diffusers' {@code arange} rounds
   * itself into one value too many, a time of -1: n are n here.
   */
  private static double[] trailing(int top, double ratio, int steps) {
    int count = (int) Math.min(steps, Math.ceil(top / ratio));
    double[] times = new double[count];
    for (int i = 0; i < count; i++) {
      times[i] = Math.rint(top - i * ratio) - 1;
    }
    return times;
  }

  private static double[] reversed(double[] values) {
    double[] reversed = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      reversed[i] = values[values.length - 1 - i];
    }
    return reversed;
  }
}
