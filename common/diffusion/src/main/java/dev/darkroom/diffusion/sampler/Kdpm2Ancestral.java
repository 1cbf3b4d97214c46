package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.random.NoiseSource;
import dev.darkroom.diffusion.schedule.ReferenceMath;
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

  private final Jumps jumps;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   */
  public Kdpm2Ancestral(SchedulerConfig config, int steps) {
    this(Kdpm2.own(config), SigmaSchedule.kDiffusion(Kdpm2.own(config), steps));
  }

  private Kdpm2Ancestral(SchedulerConfig own, SigmaSchedule once) {
    this(own, once, Jumps.of(once));
  }

  private Kdpm2Ancestral(SchedulerConfig own, SigmaSchedule once, Jumps jumps) {
    super(own, Kdpm2.visited(own, once, middles(once, jumps)));
    float[] each = middles(once, jumps);
    this.middles = new float[steps()];
    for (int i = 0; i < middles.length; i++) {
      middles[i] = each[i / 2];
    }
    this.jumps = jumps;
  }

  private static float[] middles(SigmaSchedule once, Jumps jumps) {
    float[] middles = new float[once.steps()];
    for (int i = 0; i < middles.length; i++) {
      middles[i] = Kdpm2.middle(once.sigma(i), jumps.down[i]);
    }
    return middles;
  }

  /**
   * Of each step, the noise that it puts back and the level that it goes down to before. Near the
   * end the two roots cancel all but a digit or two, so they are the reference's.
   *
   * @param down never 0 but on the way to it: a middle of 0 has no slope
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Jumps(float[] up, float[] down) {
    static Jumps of(SigmaSchedule once) {
      int n = once.steps();
      float[] ofUp = new float[n];
      for (int i = 0; i < n; i++) {
        float sigma = once.sigma(i);
        float next = once.sigma(i + 1);
        ofUp[i] = next * next * (sigma * sigma - next * next) / (sigma * sigma);
      }
      float[] up = ReferenceMath.sqrt(ofUp);
      float[] ofDown = new float[n];
      for (int i = 0; i < n; i++) {
        float next = once.sigma(i + 1);
        ofDown[i] = Math.max(next * next - up[i] * up[i], 0);
      }
      float[] down = ReferenceMath.sqrt(ofDown);
      for (int i = 0; i < n; i++) {
        float next = once.sigma(i + 1);
        down[i] = down[i] == 0 ? next * next / once.sigma(i) : down[i];
      }
      return new Jumps(up, down);
    }
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
    float dt = jumps.down[i / 2] - levels.sigma(i - 1);
    float[] x = along(state.history().getFirst(), d, dt);
    NoiseSource generator = state.generator();
    return state.next(along(x, generator.normal(x.length), jumps.up[i / 2]), List.of(), generator);
  }
}
