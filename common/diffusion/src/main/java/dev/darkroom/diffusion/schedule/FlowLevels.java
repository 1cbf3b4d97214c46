package dev.darkroom.diffusion.schedule;

import dev.darkroom.diffusion.DiffusionException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The levels of the flow-matching samplers. The network is told T sigma. */
public final class FlowLevels {
  private FlowLevels() {}

  /**
   * {@code FlowMatchEulerDiscreteScheduler} and, with less to configure, {@code
   * FlowMatchHeunDiscreteScheduler}.
   *
   * <p>The constant shift acts twice: once on the bounds, once on the levels between them. A
   * dynamic one acts once.
   *
   * @param sigmas the levels before they are shifted; null for even ones
   */
  public static SigmaSchedule of(
      SchedulerConfig config, int steps, @Nullable Double mu, float @Nullable [] sigmas) {
    int trainSteps = config.numTrainTimesteps();
    Timesteps.checkSteps(steps, trainSteps);
    FlowShift shift = FlowShift.of(config, "shift");
    double[] levels = shift.apply(unshifted(config, shift, steps, sigmas), mu);
    LevelSpacing spacing = LevelSpacing.of(config);
    if (spacing != null) {
      levels = spacing.levels(levels[0], levels[levels.length - 1], steps);
    }
    boolean inverted = config.flag("invert_sigmas", false);
    float[] visited = new float[steps + 1];
    float[] times = new float[steps];
    for (int i = 0; i < steps; i++) {
      visited[i] = inverted ? 1f - (float) levels[i] : (float) levels[i];
      times[i] = visited[i] * trainSteps;
    }
    visited[steps] = inverted ? 1f : 0f;
    return SigmaSchedule.of(times, visited);
  }

  private static double[] unshifted(
      SchedulerConfig config, FlowShift shift, int steps, float @Nullable [] sigmas) {
    int trainSteps = config.numTrainTimesteps();
    if (sigmas != null) {
      if (sigmas.length != steps) {
        throw DiffusionException.badInput(
            "sigmas: expected one a step, %d, got %d".formatted(steps, sigmas.length));
      }
      double[] given = new double[steps];
      Arrays.setAll(given, i -> sigmas[i]);
      return given;
    }
    float s = shift.dynamic() ? 1f : (float) shift.shift();
    float lowest = 1f / trainSteps;
    double max = s * 1f / (1f + (s - 1f) * 1f);
    double min = s * lowest / (1f + (s - 1f) * lowest);
    double[] even = TimestepSpacing.linspace(max * trainSteps, min * trainSteps, steps);
    return Arrays.stream(even).map(time -> time / trainSteps).toArray();
  }
}
