package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.FlowLevels;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import java.util.List;

/**
 * Heun's method on a flow. Karras et al. 2022, algorithm 1, with the straight path of Esser et al.
 * 2024; {@code FlowMatchHeunDiscreteScheduler} of diffusers, without churn.
 *
 * <p>2 n - 1 calls, as {@link Heun}. Between the two calls of a step the history holds its first
 * velocity and the sample it starts from.
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
    if (state.history().isEmpty()) {
      float dt = levels.sigma(i + 1) - levels.sigma(i);
      float[] x = SigmaSampler.along(state.sample(), velocity, dt);
      boolean last = i == steps() - 1;
      return last ? state.next(x) : state.next(x, List.of(velocity, state.sample()));
    }
    float[] first = state.history().getFirst();
    float[] mean = new float[velocity.length];
    for (int k = 0; k < mean.length; k++) {
      mean[k] = 0.5f * (first[k] + velocity[k]);
    }
    float dt = levels.sigma(i) - levels.sigma(i - 1);
    return state.next(SigmaSampler.along(state.history().get(1), mean, dt));
  }
}
