package dev.darkroom.diffusion.schedule;

import dev.darkroom.diffusion.DiffusionException;
import org.jspecify.annotations.Nullable;

/**
 * How the levels of a flow, sigma in [0, 1] with x = sigma e + (1 - sigma) x_0, are moved towards
 * noise for larger pictures. Esser et al. 2024, section 5.3.2.
 *
 * @param shift s in s sigma / (1 + (s - 1) sigma); not used where {@code dynamic}
 * @param dynamic the shift is mu's, which depends on the size of the picture
 * @param terminal the level that the last one is stretched to; null leaves it
 */
public record FlowShift(
    double shift, boolean dynamic, TimeShift timeShift, @Nullable Double terminal) {

  /** How mu becomes a shift. */
  public enum TimeShift implements ConfigOption {
    EXPONENTIAL("exponential"),
    LINEAR("linear");

    private final String configName;

    TimeShift(String configName) {
      this.configName = configName;
    }

    @Override
    public String configName() {
      return configName;
    }
  }

  /** The shift of a configuration, under the name that its class has for the constant one. */
  public static FlowShift of(SchedulerConfig config, String shift) {
    double terminal = config.number("shift_terminal", 0);
    return new FlowShift(
        config.number(shift, 1),
        config.flag("use_dynamic_shifting", false),
        config.option("time_shift_type", TimeShift.EXPONENTIAL),
        terminal == 0 ? null : terminal);
  }

  /**
   * Shifted levels.
   *
   * @param sigmas falling
   * @param mu asked for where the shift is dynamic
   */
  public double[] apply(double[] sigmas, @Nullable Double mu) {
    if (dynamic != (mu != null)) {
      throw DiffusionException.badInput(
          dynamic
              ? "mu: expected the shift for this picture's size (use_dynamic_shifting is set), got none"
              : "mu: expected none without use_dynamic_shifting, got " + mu);
    }
    double[] shifted = new double[sigmas.length];
    for (int i = 0; i < shifted.length; i++) {
      double sigma = sigmas[i];
      if (mu == null) {
        shifted[i] = shift * sigma / (1 + (shift - 1) * sigma);
      } else {
        double s =
            switch (timeShift) {
              case EXPONENTIAL -> Math.exp(mu);
              case LINEAR -> mu;
            };
        shifted[i] = s / (s + (1 / sigma - 1));
      }
    }
    if (terminal != null) {
      double scale = (1 - shifted[shifted.length - 1]) / (1 - terminal);
      for (int i = 0; i < shifted.length; i++) {
        shifted[i] = 1 - (1 - shifted[i]) / scale;
      }
    }
    return shifted;
  }
}
