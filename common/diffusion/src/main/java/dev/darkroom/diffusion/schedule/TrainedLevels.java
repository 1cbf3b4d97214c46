package dev.darkroom.diffusion.schedule;

/**
 * The noise levels of training: sigma, noise over signal, at each of the T times, rising.
 * Immutable.
 */
public final class TrainedLevels {
  private final float[] sigmas;
  private final float[] logSigmas;

  private TrainedLevels(float[] sigmas) {
    this.sigmas = sigmas;
    this.logSigmas = new float[sigmas.length];
    for (int t = 0; t < sigmas.length; t++) {
      logSigmas[t] = ReferenceMath.log(sigmas[t]);
    }
  }

  /** The levels of a configuration's noise schedule. */
  public static TrainedLevels of(SchedulerConfig config) {
    return new TrainedLevels(NoiseSchedule.of(config).sigmas());
  }

  /** T. */
  int count() {
    return sigmas.length;
  }

  /** The lowest level, at time 0. */
  float min() {
    return sigmas[0];
  }

  /** The highest level, at time T - 1. */
  float max() {
    return sigmas[sigmas.length - 1];
  }

  /** The levels at fractional times. */
  double[] at(double[] times) {
    double[] levels = new double[times.length];
    for (int i = 0; i < times.length; i++) {
      int low = (int) Math.min(Math.floor(times[i]), sigmas.length - 1);
      int high = Math.min(low + 1, sigmas.length - 1);
      double slope = (double) sigmas[high] - sigmas[low];
      levels[i] = slope * (times[i] - low) + sigmas[low];
    }
    return levels;
  }

  /** The fractional time of a level, linear in log sigma; the nearest end for one beyond them. */
  public double timeOf(double sigma) {
    double logSigma = Math.log(Math.max(sigma, 1e-10));
    int low = 0;
    while (low < sigmas.length - 2 && logSigma >= logSigmas[low + 1]) {
      low++;
    }
    double lower = logSigmas[low];
    double upper = logSigmas[low + 1];
    double w = Math.clamp((lower - logSigma) / (lower - upper), 0, 1);
    return (1 - w) * low + w * (low + 1);
  }

  double[] timesOf(double[] levels) {
    double[] times = new double[levels.length];
    for (int i = 0; i < times.length; i++) {
      times[i] = timeOf(levels[i]);
    }
    return times;
  }

  /**
   * How many of the noisiest times have a log signal-to-noise below the bound: the cosine
   * schedule's must be cut off.
   */
  int clipped(double lambdaMin) {
    int count = 0;
    while (count < sigmas.length && -logSigmas[sigmas.length - 1 - count] < lambdaMin) {
      count++;
    }
    return count;
  }
}
