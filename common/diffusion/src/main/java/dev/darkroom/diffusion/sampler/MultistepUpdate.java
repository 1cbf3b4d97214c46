package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.sampler.DpmAlgorithm.SolverType;
import dev.darkroom.diffusion.sampler.DpmAlgorithm.Weights;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * The multistep update of DPM-Solver, on any levels. Lu et al. 2022b, algorithm 2.
 *
 * @param steps network calls of the run
 * @param firstOrderAtEnd whether the last update is of order 1
 * @param secondOrderBeforeEnd whether the one before is of order 2 at most
 */
record MultistepUpdate(
    DpmSettings settings, int steps, boolean firstOrderAtEnd, boolean secondOrderBeforeEnd) {

  static MultistepUpdate of(SchedulerConfig own, DpmSettings settings, int steps) {
    boolean lowers = own.flag("lower_order_final", true) && steps < SolverSampler.SHORT_RUN;
    return new MultistepUpdate(
        settings,
        steps,
        own.flag("euler_at_final", false) || lowers || settings.endsAtZero(),
        lowers);
  }

  /**
   * @param integrand what the algorithm integrates, at the state
   * @param levels the level before a call
   */
  SamplerState step(SamplerState state, float[] integrand, IntFunction<Level> levels) {
    int i = state.step();
    int left = steps - i;
    List<float[]> m = new ArrayList<>(state.history());
    m.addFirst(integrand);
    int order = Math.min(settings.order(), m.size());
    if (left == 1 && firstOrderAtEnd) {
      order = 1;
    } else if (left == 2 && secondOrderBeforeEnd) {
      order = Math.min(order, 2);
    }
    Level s = levels.apply(i);
    Level t = levels.apply(i + 1);
    float[] x =
        switch (order) {
          case 1 ->
              settings
                  .algorithm()
                  .weights(s, t, settings.solverType())
                  .apply(state.sample(), m.getFirst());
          case 2 -> secondOrder(s, levels.apply(i - 1), t, state.sample(), m);
          default -> thirdOrder(s, levels.apply(i - 1), levels.apply(i - 2), t, state.sample(), m);
        };
    List<float[]> kept = m.subList(0, Math.min(m.size(), settings.order() - 1));
    return settings.arrive(state, x, kept, s, t);
  }

  /** With D_1, the slope between the last two. */
  private float[] secondOrder(Level s0, Level s1, Level t, float[] x, List<float[]> m) {
    float h = t.lambda() - s0.lambda();
    float r0 = (s0.lambda() - s1.lambda()) / h;
    return settings
        .algorithm()
        .weights(s0, t, settings.solverType())
        .apply(x, m.get(0), SolverSampler.slope(m.get(0), m.get(1), r0));
  }

  /** With the slope and the curvature of the parabola through the last three. */
  private float[] thirdOrder(Level s0, Level s1, Level s2, Level t, float[] x, List<float[]> m) {
    float h = t.lambda() - s0.lambda();
    float r0 = (s0.lambda() - s1.lambda()) / h;
    float r1 = (s1.lambda() - s2.lambda()) / h;
    float[] late = SolverSampler.slope(m.get(0), m.get(1), r0);
    float[] early = SolverSampler.slope(m.get(1), m.get(2), r1);
    float[] d1 = new float[x.length];
    float[] d2 = new float[x.length];
    for (int k = 0; k < x.length; k++) {
      d1[k] = late[k] + r0 / (r0 + r1) * (late[k] - early[k]);
      d2[k] = 1f / (r0 + r1) * (late[k] - early[k]);
    }
    Weights weights = settings.algorithm().weights(s0, t, SolverType.HEUN);
    return weights.apply(x, m.get(0), d1, d2);
  }
}
