package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.SigmaSchedule;
import dev.darkroom.diffusion.schedule.TrainedLevels;
import java.util.List;

/**
 * The midpoint method in log sigma: half a step to the level between, then the whole step with the
 * slope found there. DPM-Solver-2 of Lu et al. 2022a, as k-diffusion has it; {@code
 * KDPM2DiscreteScheduler} of diffusers.
 *
 * <p>2 n - 1 calls: the last step goes to sigma 0 at once. Between the two calls of a step the
 * history holds the sample it starts from.
 */
public final class Kdpm2 extends SigmaSampler {
  /** The levels between, by call: that of a step stands at both its calls. */
  private final float[] middles;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   */
  public Kdpm2(SchedulerConfig config, int steps) {
    this(own(config), SigmaSchedule.kDiffusion(own(config), steps));
  }

  private Kdpm2(SchedulerConfig own, SigmaSchedule once) {
    super(own, visited(own, once, middles(once)));
    float[] each = middles(once);
    this.middles = new float[steps()];
    for (int i = 0; i < middles.length; i++) {
      middles[i] = each[i / 2];
    }
  }

  static SchedulerConfig own(SchedulerConfig config) {
    return withStableDiffusionBetas(config.only(SPACED_FIELDS));
  }

  private static float[] middles(SigmaSchedule once) {
    float[] middles = new float[once.steps()];
    for (int i = 0; i < middles.length; i++) {
      middles[i] = middle(once.sigma(i + 1), once.sigma(i));
    }
    return middles;
  }

  /** Halfway in log sigma; 0 where one of them is. */
  static float middle(float from, float to) {
    if (from == 0 || to == 0) {
      return 0;
    }
    float start = (float) Math.log(from);
    float end = (float) Math.log(to);
    return (float) Math.exp(end - (end - start) * 0.5f);
  }

  /**
   * The levels twice and the times with those of the levels between, as diffusers lays them out: a
   * zero more at the end than there are calls for.
   */
  static SigmaSchedule visited(SchedulerConfig own, SigmaSchedule once, float[] middles) {
    TrainedLevels trained = TrainedLevels.of(own);
    boolean rounds = own.flag("use_karras_sigmas", false);
    int n = once.steps();
    float[] times = new float[2 * n - 1];
    float[] sigmas = new float[2 * n + 2];
    for (int i = 0; i < sigmas.length; i++) {
      sigmas[i] = once.sigma(Math.min(n, (i + 1) / 2));
    }
    for (int i = 0; i < times.length; i++) {
      float time = once.timestep(i / 2);
      times[i] =
          i % 2 == 1
              ? (float) trained.timeOf(middles[i / 2])
              : rounds ? (float) Math.rint(time) : time;
    }
    return SigmaSchedule.of(times, sigmas);
  }

  @Override
  public int order() {
    return 2;
  }

  @Override
  float sigma(SamplerState state) {
    return state.history().isEmpty() ? super.sigma(state) : middles[state.step()];
  }

  @Override
  public SamplerState step(SamplerState state, float[] output) {
    float[] d = derivative(state, output);
    int i = state.step();
    if (state.history().isEmpty()) {
      float[] x = along(state.sample(), d, middles[i] - levels.sigma(i));
      boolean last = i == steps() - 1;
      return last ? state.next(x) : state.next(x, List.of(state.sample()));
    }
    float dt = levels.sigma(i) - levels.sigma(i - 1);
    return state.next(along(state.history().getFirst(), d, dt));
  }
}
