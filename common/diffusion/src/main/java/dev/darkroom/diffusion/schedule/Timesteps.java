package dev.darkroom.diffusion.schedule;

import dev.darkroom.diffusion.DiffusionException;

/** The whole training times that DDIM and DDPM visit, from noisy to clean. */
public final class Timesteps {
  private Timesteps() {}

  /**
   * @param steps n in [1, T]
   * @return at most n times; [0, T) unless {@code steps_offset} pushes the first one out, which is
   *     refused
   */
  public static int[] of(SchedulerConfig config, int steps) {
    int trainSteps = config.numTrainTimesteps();
    checkSteps(steps, trainSteps);
    double[] times =
        config
            .option("timestep_spacing", TimestepSpacing.LEADING)
            .timesteps(trainSteps, steps, config.integer("steps_offset", 0));
    int[] rounded = new int[times.length];
    for (int i = 0; i < rounded.length; i++) {
      rounded[i] = (int) Math.rint(times[i]);
      checkTime(rounded[i], trainSteps, steps);
    }
    return rounded;
  }

  /**
   * @throws DiffusionException if there are not so many steps in T training times
   */
  public static void checkSteps(int steps, int trainSteps) {
    if (steps < 1 || steps > trainSteps) {
      throw DiffusionException.badInput(
          "steps: expected 1 to %d (the model's training steps), got %d"
              .formatted(trainSteps, steps));
    }
  }

  static void checkTime(double time, int trainSteps, int steps) {
    if (time < 0 || time >= trainSteps) {
      throw DiffusionException.badInput(
          "steps: %d steps with this model's steps_offset reach time %.0f of %d; take fewer steps"
              .formatted(steps, time, trainSteps));
    }
  }
}
