package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.SigmaSchedule;
import java.util.List;

/**
 * Heun's method: an Euler step, then the step again with the mean of the slopes at its ends. Karras
 * et al. 2022, algorithm 1; {@code HeunDiscreteScheduler} of diffusers, without churn.
 *
 * <p>2 n - 1 calls: the last step goes to sigma 0, where there is no slope. Between the two calls
 * of a step the history holds its first slope and the sample it starts from.
 */
public final class Heun extends SigmaSampler {
  static final String FIELDS = SPACED_FIELDS + " clip_sample clip_sample_range";

  private final CleanEstimate.Limit limit;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   */
  public Heun(SchedulerConfig config, int steps) {
    super(own(config), SigmaSchedule.kDiffusion(own(config), steps).twice());
    this.limit = CleanEstimate.Limit.of(own(config), false);
  }

  private static SchedulerConfig own(SchedulerConfig config) {
    return withStableDiffusionBetas(config.only(FIELDS));
  }

  @Override
  public int order() {
    return 2;
  }

  @Override
  public float[] denoised(SamplerState state, float[] output) {
    float[] x0 = super.denoised(state, output);
    limit.apply(x0);
    return x0;
  }

  @Override
  public SamplerState step(SamplerState state, float[] output) {
    float[] d = derivative(state, output);
    int i = state.step();
    if (state.history().isEmpty()) {
      float dt = levels.sigma(i + 1) - levels.sigma(i);
      float[] x = along(state.sample(), d, dt);
      boolean last = i == steps() - 1;
      return last ? state.next(x) : state.next(x, List.of(d, state.sample()));
    }
    float[] first = state.history().getFirst();
    for (int k = 0; k < d.length; k++) {
      d[k] = (first[k] + d[k]) / 2;
    }
    float dt = levels.sigma(i) - levels.sigma(i - 1);
    return state.next(along(state.history().get(1), d, dt));
  }
}
