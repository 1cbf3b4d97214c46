package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.random.NoiseSource;
import dev.darkroom.diffusion.sampler.DpmAlgorithm.SolverType;
import dev.darkroom.diffusion.sampler.DpmAlgorithm.Weights;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.SolverLevels;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * DPM-Solver and DPM-Solver++ as multistep methods of order 1 to 3 (2M, 3M), and their SDE
 * variants. Lu et al. 2022b, algorithm 2 and appendix B; {@code DPMSolverMultistepScheduler} of
 * diffusers.
 *
 * <p>The history holds what was integrated at earlier calls, one less than the order. The SDE
 * variants draw at every step, the last one too.
 */
public final class DpmSolverMultistep extends SolverSampler {
  static final String FIELDS =
      SolverSampler.FIELDS
          + " algorithm_type euler_at_final use_lu_lambdas final_sigmas_type lambda_min_clipped"
          + " variance_type timestep_spacing steps_offset rescale_betas_zero_snr";

  private final DpmSettings settings;
  private final boolean firstOrderAtEnd;
  private final boolean secondOrderBeforeEnd;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   * @param mu the shift of a flow's levels, where the configuration shifts dynamically; or null
   */
  public DpmSolverMultistep(SchedulerConfig config, int steps, @Nullable Double mu) {
    this(config.only(FIELDS), DpmSettings.of(config.only(FIELDS)), steps, mu);
  }

  private DpmSolverMultistep(
      SchedulerConfig own, DpmSettings settings, int steps, @Nullable Double mu) {
    super(own, SolverLevels.multistep(own, steps, mu));
    if (settings.algorithm() == DpmAlgorithm.SDE_DPMSOLVER && settings.order() == 3) {
      throw own.wrong("solver_order", "1 or 2 with sde-dpmsolver");
    }
    this.settings = settings;
    this.secondOrderBeforeEnd = own.flag("lower_order_final", true) && levels.steps() < SHORT_RUN;
    this.firstOrderAtEnd =
        own.flag("euler_at_final", false) || secondOrderBeforeEnd || settings.endsAtZero();
  }

  @Override
  public SamplerState step(SamplerState state, float[] prediction) {
    int i = state.step();
    int left = levels.steps() - i;
    List<float[]> m = new ArrayList<>(state.history());
    m.addFirst(settings.integrand(this, state, prediction));
    int order = Math.min(settings.order(), m.size());
    if (left == 1 && firstOrderAtEnd) {
      order = 1;
    } else if (left == 2 && secondOrderBeforeEnd) {
      order = Math.min(order, 2);
    }
    Level s = level(i);
    Level t = level(i + 1);
    float[] x =
        switch (order) {
          case 1 ->
              settings
                  .algorithm()
                  .weights(s, t, settings.solverType())
                  .apply(state.sample(), m.getFirst());
          case 2 -> secondOrder(i, s, t, state.sample(), m);
          default -> thirdOrder(i, s, t, state.sample(), m);
        };
    List<float[]> kept = m.subList(0, Math.min(m.size(), settings.order() - 1));
    if (!settings.algorithm().draws()) {
      return state.next(x, kept);
    }
    float weight = settings.algorithm().weights(s, t, settings.solverType()).noise();
    NoiseSource generator = state.generator();
    float[] noise = generator.normal(x.length);
    for (int k = 0; k < x.length; k++) {
      x[k] += weight * noise[k];
    }
    return state.next(x, kept, generator);
  }

  /** With D_1, the slope between the last two. */
  private float[] secondOrder(int i, Level s0, Level t, float[] x, List<float[]> m) {
    float h = t.lambda() - s0.lambda();
    float r0 = (s0.lambda() - level(i - 1).lambda()) / h;
    return settings
        .algorithm()
        .weights(s0, t, settings.solverType())
        .apply(x, m.get(0), slope(m.get(0), m.get(1), r0));
  }

  /** With the slope and the curvature of the parabola through the last three. */
  private float[] thirdOrder(int i, Level s0, Level t, float[] x, List<float[]> m) {
    Level s1 = level(i - 1);
    Level s2 = level(i - 2);
    float h = t.lambda() - s0.lambda();
    float r0 = (s0.lambda() - s1.lambda()) / h;
    float r1 = (s1.lambda() - s2.lambda()) / h;
    float[] late = slope(m.get(0), m.get(1), r0);
    float[] early = slope(m.get(1), m.get(2), r1);
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
