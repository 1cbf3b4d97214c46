package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.SigmaSchedule;
import java.util.ArrayList;
import java.util.List;

/**
 * The linear multistep method of order 4 (Adams and Bashforth) on uneven levels, as k-diffusion has
 * it; {@code LMSDiscreteScheduler} of diffusers.
 *
 * <p>The history holds the last three slopes. As in diffusers the order counts from call 0 also
 * where a run begins in the middle: the slopes that are not there yet count as zero.
 */
public final class Lms extends SigmaSampler {
  private static final int ORDER = 4;

  /** Nodes and weights that integrate polynomials to degree 3 on [-1, 1] exactly. Gauss. */
  private static final double NODE = 1 / Math.sqrt(3);

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   */
  public Lms(SchedulerConfig config, int steps) {
    super(config.only(SPACED_FIELDS), SigmaSchedule.kDiffusion(config.only(SPACED_FIELDS), steps));
  }

  @Override
  public SamplerState step(SamplerState state, float[] output) {
    int i = state.step();
    List<float[]> slopes = new ArrayList<>(state.history());
    slopes.addFirst(derivative(state, output));
    int order = Math.min(i + 1, ORDER);
    float[] x = state.sample();
    for (int j = 0; j < Math.min(order, slopes.size()); j++) {
      x = along(x, slopes.get(j), (float) coefficient(order, i, j));
    }
    return state.next(x, slopes.subList(0, Math.min(slopes.size(), ORDER - 1)));
  }

  /** The integral over the step of the Lagrange polynomial that is 1 at the j-th last level. */
  private double coefficient(int order, int i, int j) {
    double half = ((double) levels.sigma(i + 1) - levels.sigma(i)) / 2;
    double middle = ((double) levels.sigma(i + 1) + levels.sigma(i)) / 2;
    return half
        * (lagrange(order, i, j, middle - half * NODE)
            + lagrange(order, i, j, middle + half * NODE));
  }

  private double lagrange(int order, int i, int j, double tau) {
    double product = 1;
    for (int k = 0; k < order; k++) {
      if (k != j) {
        product *=
            (tau - levels.sigma(i - k)) / ((double) levels.sigma(i - j) - levels.sigma(i - k));
      }
    }
    return product;
  }
}
