package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.random.BrownianTree;
import dev.darkroom.diffusion.random.NoiseSource;
import dev.darkroom.diffusion.schedule.ReferenceMath;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.SigmaSchedule;
import dev.darkroom.diffusion.schedule.TrainedLevels;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/**
 * DPM-Solver++ along the SDE: half a step in log sigma, then the whole step with the clean sample
 * found there, each to a level below and with noise back up. Lu et al. 2022b, as k-diffusion's
 * {@code sample_dpmpp_sde} has it; {@code DPMSolverSDEScheduler} of diffusers.
 *
 * <p>2 n - 1 calls: the last step goes to sigma 0 at once, by Euler's method. Between the two calls
 * of a step the history holds the sample it starts from.
 *
 * <p>The noise of all steps is one Brownian path over the levels, so that more steps paint the same
 * picture. Its seed is {@code noise_sampler_seed}, or else the picture's own, as k-diffusion's
 * users have it: diffusers would draw one from the process's stream. The path turns within a
 * millionth of a level, so every level on the way is the reference's to the bit.
 */
public final class DpmSolverSde extends SigmaSampler {
  static final String FIELDS = SPACED_FIELDS + " noise_sampler_seed";

  private final OptionalLong seed;
  private final double lowest;
  private final double highest;
  private final Leaps halves;
  private final Leaps wholes;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   */
  public DpmSolverSde(SchedulerConfig config, int steps) {
    this(
        withStableDiffusionBetas(config.only(FIELDS)),
        SigmaSchedule.kDiffusionOfDoubles(withStableDiffusionBetas(config.only(FIELDS)), steps));
  }

  private DpmSolverSde(SchedulerConfig own, SigmaSchedule once) {
    super(own, visited(own, once));
    this.seed = own.seed("noise_sampler_seed");
    this.highest = once.max();
    this.lowest = once.sigma(once.steps() - 1);
    float[] positive = Arrays.copyOf(once.sigmas(), once.steps());
    float[] t = negated(ReferenceMath.tensorLog(positive));
    this.halves = Leaps.of(t, 0.5f);
    this.wholes = Leaps.of(t, 1f);
  }

  /** The levels twice, and between the times of two levels that of the one halfway. */
  private static SigmaSchedule visited(SchedulerConfig own, SigmaSchedule once) {
    TrainedLevels trained = TrainedLevels.of(own);
    SigmaSchedule twice = once.twice();
    float[] times = new float[twice.steps()];
    for (int i = 0; i < times.length; i++) {
      double product = (double) once.sigma(i / 2) * once.sigma((i + 1) / 2);
      times[i] = i % 2 == 0 ? once.timestep(i / 2) : (float) trained.timeOf(Math.sqrt(product));
    }
    return twice.withTimesteps(times);
  }

  private static float[] negated(float[] values) {
    float[] negated = new float[values.length];
    for (int k = 0; k < values.length; k++) {
      negated[k] = -values[k];
    }
    return negated;
  }

  /**
   * Of each step, the way to a level: x to {@code kept} x + {@code added} x_0 at the level below
   * it, and noise of {@code up} on top.
   *
   * @param from the level it leaves, by way of its logarithm
   * @param to the level it reaches
   * @param deviation of the path between the two
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Leaps(
      float[] from, float[] to, float[] deviation, float[] kept, float[] added, float[] up) {
    /**
     * @param t -log sigma of each step
     * @param share of the way to the next; the whole way ends at its level, not at a sum
     */
    static Leaps of(float[] t, float share) {
      int n = t.length - 1;
      float[] starts = new float[n];
      float[] ends = new float[n];
      for (int k = 0; k < n; k++) {
        starts[k] = -t[k];
        ends[k] = share == 1 ? -t[k + 1] : -(t[k] + (t[k + 1] - t[k]) * share);
      }
      float[] from = ReferenceMath.tensorExp(starts);
      float[] to = ReferenceMath.tensorExp(ends);
      float[] variance = new float[n];
      float[] up = new float[n];
      for (int k = 0; k < n; k++) {
        variance[k] = Math.abs(to[k] - from[k]);
        float square = from[k] * from[k];
        up[k] = to[k] * to[k] * (square - to[k] * to[k]) / square;
      }
      up = ReferenceMath.sqrt(up);
      float[] down = new float[n];
      for (int k = 0; k < n; k++) {
        up[k] = up[k] < to[k] ? up[k] : to[k];
        down[k] = to[k] * to[k] - up[k] * up[k];
      }
      float[] ancestral = negated(ReferenceMath.tensorLog(ReferenceMath.sqrt(down)));
      float[] kept = ReferenceMath.tensorExp(negated(ancestral));
      float[] added = new float[n];
      for (int k = 0; k < n; k++) {
        kept[k] /= from[k];
        added[k] = -(float) Math.expm1(t[k] - ancestral[k]);
      }
      return new Leaps(from, to, ReferenceMath.sqrt(variance), kept, added, up);
    }
  }

  @Override
  public int order() {
    return 2;
  }

  @Override
  float sigma(SamplerState state) {
    return state.history().isEmpty() ? super.sigma(state) : halves.to()[state.step() / 2];
  }

  @Override
  public SamplerState step(SamplerState state, float[] output) {
    int i = state.step();
    if (i == steps() - 1) {
      return state.next(along(state.sample(), derivative(state, output), -levels.sigma(i)));
    }
    boolean first = state.history().isEmpty();
    float[] start = first ? state.sample() : state.history().getFirst();
    NoiseSource generator = state.generator();
    float[] x = leap(first ? halves : wholes, i / 2, start, denoised(state, output), generator);
    return state.next(x, first ? List.of(start) : List.of(), generator);
  }

  private float[] leap(Leaps leaps, int k, float[] start, float[] x0, NoiseSource generator) {
    float[] noise = noise(leaps, k, start.length, generator);
    float[] x = new float[start.length];
    for (int j = 0; j < x.length; j++) {
      x[j] = leaps.kept()[k] * start[j] + leaps.added()[k] * x0[j];
      x[j] += noise[j] * leaps.up()[k];
    }
    return x;
  }

  /** The path's increment down the leap, by its deviation: standard normal. */
  private float[] noise(Leaps leaps, int k, int n, NoiseSource generator) {
    OptionalLong own = seed.isPresent() ? seed : generator.seed();
    if (own.isEmpty()) {
      return generator.normal(n);
    }
    BrownianTree path = new BrownianTree(own.getAsLong(), lowest, highest);
    float[] noise = path.increment(leaps.to()[k], leaps.from()[k], n);
    for (int j = 0; j < n; j++) {
      noise[j] = -noise[j] / leaps.deviation()[k];
    }
    return noise;
  }
}
