package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.schedule.SchedulerConfig;

/** The times of few-step models: spread over those that the distillation saw. */
final class DistilledTimes {
  private DistilledTimes() {}

  /** The configuration, with the defaults of these samplers: those of Stable Diffusion. */
  static SchedulerConfig withDefaults(SchedulerConfig config) {
    return config
        .orElse("beta_start", 0.00085)
        .orElse("beta_end", 0.012)
        .orElse("beta_schedule", "scaled_linear");
  }

  /**
   * T / k, 2 T / k ... of k original steps, thinned to n, from noisy to clean.
   *
   * @param strength the share of the original steps, from the clean end, to take them from
   */
  static int[] of(SchedulerConfig config, int steps, int originalSteps, double strength) {
    int trainSteps = config.numTrainTimesteps();
    if (originalSteps < 1 || originalSteps > trainSteps) {
      throw DiffusionException.badInput(
          "original_inference_steps: expected 1 to %d (the model's training steps), got %d"
              .formatted(trainSteps, originalSteps));
    }
    int stride = trainSteps / originalSteps;
    int[] times = new int[(int) (originalSteps * strength)];
    for (int i = 0; i < times.length; i++) {
      times[i] = (times.length - i) * stride - 1;
    }
    return thinned(times, steps, times.length);
  }

  /** Every training time, thinned to n: what TCD does where the original steps are asked for. */
  static int[] ofAll(SchedulerConfig config, int steps, int originalSteps, double strength) {
    int trainSteps = config.numTrainTimesteps();
    int[] times = new int[(int) (trainSteps * strength)];
    for (int i = 0; i < times.length; i++) {
      times[i] = times.length - 1 - i;
    }
    return thinned(times, steps, Math.min(originalSteps, times.length));
  }

  private static int[] thinned(int[] times, int steps, int most) {
    if (steps < 1 || steps > most) {
      throw DiffusionException.badInput(
          "steps: expected 1 to %d (the share of original_inference_steps that strength says), got %d"
              .formatted(most, steps));
    }
    double stride = (double) times.length / steps;
    int[] thinned = new int[steps];
    for (int i = 0; i < steps; i++) {
      thinned[i] = times[(int) Math.floor(i * stride)];
    }
    return thinned;
  }
}
