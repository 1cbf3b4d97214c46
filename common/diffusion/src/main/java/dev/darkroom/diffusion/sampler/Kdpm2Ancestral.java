package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.random.NoiseSource;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.SigmaSchedule;
import java.util.List;

/**
 * {@link Kdpm2} to a level below the next one, then noise back up to it, as k-diffusion has it;
 * {@code KDPM2AncestralDiscreteScheduler} of diffusers.
 *
 * <p>2 n - 1 calls. It draws at the second call of a step, so never at the last call. Between the
 * two calls the history holds the sample that the step starts from.
 */
public final class Kdpm2Ancestral extends SigmaSampler {
  /** The levels between, by call: that of a step stands at both its calls. */
  private final float[] middles;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   */
  public Kdpm2Ancestral(SchedulerConfig config, int steps) {
    this(Kdpm2.own(config), SigmaSchedule.kDiffusion(Kdpm2.own(config), steps));
  }

  private Kdpm2Ancestral(SchedulerConfig own, SigmaSchedule once) {
    super(own, Kdpm2.visited(own, once, middles(once)));
    float[] each = middles(once);
    this.middles = new float[steps()];
    for (int i = 0; i < middles.length; i++) {
      middles[i] = each[i / 2];
    }
  }

  private static float[] middles(SigmaSchedule once) {
    float[] middles = new float[once.steps()];
    for (int i = 0; i < middles.length; i++) {
      middles[i] = Kdpm2.middle(once.sigma(i), down(once.sigma(i), once.sigma(i + 1)));
    }
    return middles;
  }

  /** Never 0 but on the way to it: a middle of 0 has no slope. */
  private static float down(float sigma, float next) {
    float down = EulerAncestral.sigmaDown(sigma, next, EulerAncestral.sigmaUp(sigma, next));
    return down == 0 ? next * next / sigma : down;
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
    float sigma = levels.sigma(i - 1);
    float up = EulerAncestral.sigmaUp(sigma, levels.sigma(i));
    float dt = down(sigma, levels.sigma(i)) - sigma;
    float[] x = along(state.history().getFirst(), d, dt);
    NoiseSource generator = state.generator();
    return state.next(along(x, generator.normal(x.length), up), List.of(), generator);
  }
}
