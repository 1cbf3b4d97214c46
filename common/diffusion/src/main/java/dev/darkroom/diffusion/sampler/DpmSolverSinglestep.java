package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.sampler.DpmAlgorithm.SolverType;
import dev.darkroom.diffusion.sampler.DpmAlgorithm.Weights;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.SolverLevels;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * DPM-Solver and DPM-Solver++ as singlestep methods of order 1 to 3 (2S, 3S), and the latter's SDE
 * variant. Lu et al. 2022b, algorithm 1; {@code DPMSolverSinglestepScheduler} of diffusers.
 *
 * <p>A step of order k is k calls: of order 1, 2 ... k, all from the sample that the first one
 * started from. One call a timestep: the n steps that are asked for are calls. The history holds
 * what was integrated at the earlier calls of the step, then that sample.
 */
public final class DpmSolverSinglestep extends SolverSampler {
  static final String FIELDS =
      SolverSampler.FIELDS + " algorithm_type final_sigmas_type lambda_min_clipped variance_type";

  private final DpmSettings settings;
  private final int[] orders;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   * @param mu the shift of a flow's levels, where the configuration shifts dynamically; or null
   */
  public DpmSolverSinglestep(SchedulerConfig config, int steps, @Nullable Double mu) {
    this(config.only(FIELDS), DpmSettings.of(config.only(FIELDS)), steps, mu);
  }

  private DpmSolverSinglestep(
      SchedulerConfig own, DpmSettings settings, int steps, @Nullable Double mu) {
    super(own, SolverLevels.singlestep(own, steps, mu));
    if (settings.algorithm() == DpmAlgorithm.SDE_DPMSOLVER) {
      throw own.wrong("algorithm_type", "dpmsolver, dpmsolver++ or sde-dpmsolver++");
    }
    this.settings = settings;
    // diffusers lowers the last orders wherever the steps do not come out even, too.
    boolean lowersLast =
        own.flag("lower_order_final", false)
            || steps % settings.order() != 0
            || settings.endsAtZero();
    this.orders = orders(steps, settings.order(), lowersLast, settings.endsAtZero());
  }

  /** 1, 2 ... k over and over; lower ones at the end, so that the last call ends a step. */
  private static int[] orders(int steps, int order, boolean lowersLast, boolean endsAtZero) {
    int[] orders = new int[steps];
    for (int i = 0; i < steps; i++) {
      orders[i] = 1 + i % order;
    }
    if (lowersLast && steps % order == 0) {
      orders[steps - 1] = 1;
    }
    if (endsAtZero) {
      orders[steps - 1] = 1;
    }
    return orders;
  }

  @Override
  public SamplerState step(SamplerState state, float[] prediction) {
    int i = state.step();
    List<float[]> m = new ArrayList<>();
    m.add(settings.integrand(this, state, prediction));
    List<float[]> history = state.history();
    m.addAll(history.subList(0, Math.max(0, history.size() - 1)));
    int order = Math.min(orders[i], m.size());
    float[] start = order == 1 ? state.sample() : history.getLast();

    Level s = level(i - order + 1);
    Level t = level(i + 1);
    float[] x =
        switch (order) {
          case 1 ->
              settings.algorithm().weights(s, t, settings.solverType()).apply(start, m.getFirst());
          case 2 -> secondOrder(i, s, t, start, m);
          default -> thirdOrder(i, s, t, start, m);
        };
    List<float[]> kept = new ArrayList<>(m.subList(0, Math.min(m.size(), settings.order() - 1)));
    kept.add(start);
    return settings.arrive(state, x, kept, s, t);
  }

  private float[] secondOrder(int i, Level s1, Level t, float[] x, List<float[]> m) {
    float r0 = (level(i).lambda() - s1.lambda()) / (t.lambda() - s1.lambda());
    return settings
        .algorithm()
        .weights(s1, t, settings.solverType())
        .apply(x, m.get(1), slope(m.get(0), m.get(1), r0));
  }

  private float[] thirdOrder(int i, Level s2, Level t, float[] x, List<float[]> m) {
    float h = t.lambda() - s2.lambda();
    float r0 = (level(i).lambda() - s2.lambda()) / h;
    float r1 = (level(i - 1).lambda() - s2.lambda()) / h;
    Weights weights = settings.algorithm().weights(s2, t, SolverType.HEUN);
    float[] whole = slope(m.get(0), m.get(2), r0);
    return switch (settings.solverType()) {
      case MIDPOINT -> weights.apply(x, m.get(2), whole);
      case HEUN -> {
        float[] part = slope(m.get(1), m.get(2), r1);
        float[] d1 = new float[x.length];
        float[] d2 = new float[x.length];
        for (int k = 0; k < x.length; k++) {
          d1[k] = (r0 * part[k] - r1 * whole[k]) / (r0 - r1);
          d2[k] = 2f * (whole[k] - part[k]) / (r0 - r1);
        }
        yield weights.apply(x, m.get(2), d1, d2);
      }
    };
  }
}
