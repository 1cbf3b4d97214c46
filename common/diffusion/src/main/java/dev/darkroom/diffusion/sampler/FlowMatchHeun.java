package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.FlowLevels;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import java.util.List;

/**
 * Heun's method on a flow. Karras et al. 2022, algorithm 1, with the straight path of Esser et al.
 * 2024; {@code FlowMatchHeunDiscreteScheduler} of diffusers, without churn.
 *
 * <p>2 n - 1 calls, as {@link Heun}. Between the two calls of a step the history holds its first
 * slope and the sample it starts from.
 */
public final class FlowMatchHeun extends FlowSampler {
  static final String FIELDS = "num_train_timesteps shift";

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   */
  public FlowMatchHeun(SchedulerConfig config, int steps) {
    super(FlowLevels.of(config.only(FIELDS), steps, null, null).twice());
  }

  @Override
  public int order() {
    return 2;
  }

  @Override
  public SamplerState step(SamplerState state, float[] velocity) {
    int i = state.step();
    float[] slope = slope(state.sample(), velocity, levels.sigma(i));
    if (state.history().isEmpty()) {
      float dt = levels.sigma(i + 1) - levels.sigma(i);
      float[] x = SigmaSampler.along(state.sample(), slope, dt);
      boolean last = i == steps() - 1;
      return last ? state.next(x) : state.next(x, List.of(slope, state.sample()));
    }
    float[] first = state.history().getFirst();
    for (int k = 0; k < slope.length; k++) {
      slope[k] = 0.5f * (first[k] + slope[k]);
    }
    float dt = levels.sigma(i) - levels.sigma(i - 1);
    return state.next(SigmaSampler.along(state.history().get(1), slope, dt));
  }

  /**
   * The velocity by way of x_0, as diffusers has it: at a small sigma, that loses digits which a
   * comparison would miss.
   */
  private static float[] slope(float[] x, float[] velocity, float sigma) {
    float[] slope = new float[x.length];
    for (int k = 0; k < slope.length; k++) {
      float x0 = x[k] - velocity[k] * sigma;
      slope[k] = (x[k] - x0) / sigma;
    }
    return slope;
  }
}
