package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.PredictionType;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.SigmaSchedule;

/**
 * Solvers of the diffusion ODE that integrate its linear part exactly, in lambda = log(alpha /
 * sigma). Lu et al. 2022a, proposition 3.1. The sample keeps variance one, or, on a flow's levels,
 * lies on the straight path.
 */
abstract sealed class SolverSampler extends LevelSampler
    permits Deis,
        DpmSolverMultistep,
        DpmSolverMultistepInversion,
        DpmSolverSinglestep,
        SaSolver,
        UniPc {
  /** The fields that all their classes in diffusers have. */
  static final String FIELDS =
      "num_train_timesteps beta_start beta_end beta_schedule trained_betas prediction_type"
          + " solver_order solver_type thresholding dynamic_thresholding_ratio sample_max_value"
          + " lower_order_final use_karras_sigmas use_exponential_sigmas use_beta_sigmas"
          + " use_flow_sigmas flow_shift use_dynamic_shifting time_shift_type";

  /** diffusers lowers the order at the end of short runs only. */
  static final int SHORT_RUN = 15;

  final CleanEstimate estimate;
  final CleanEstimate.Limit limit;
  private final boolean flow;

  SolverSampler(SchedulerConfig own, SigmaSchedule levels) {
    super(levels);
    this.flow = own.flag("use_flow_sigmas", false);
    if (own.predictionType() == PredictionType.FLOW && !flow) {
      throw own.wrong("prediction_type", "another one without use_flow_sigmas");
    }
    this.estimate = new CleanEstimate(own.predictionType());
    this.limit = CleanEstimate.Limit.thresholdOf(own);
  }

  /** solver_order, refused outside its range. */
  static int order(SchedulerConfig own, int max) {
    int order = own.integer("solver_order", 2);
    if (order < 1 || order > max) {
      throw own.wrong("solver_order", "1 to " + max);
    }
    return order;
  }

  @Override
  public final boolean hasWholeTimesteps() {
    return true;
  }

  @Override
  public final float initNoiseSigma() {
    return 1f;
  }

  /** The level before call i, or after the last. */
  final Level level(int i) {
    return flow ? Level.ofFlow(levels.sigma(i)) : Level.of(levels.sigma(i));
  }

  @Override
  public final float[] addNoise(float[] x0, float[] noise, int step) {
    Level level = level(step);
    float[] x = new float[x0.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = level.alpha() * x0[i] + level.sigma() * noise[i];
    }
    return x;
  }

  @Override
  public final float[] denoised(SamplerState state, float[] prediction) {
    Level s = level(state.step());
    float[] x0 = estimate.x0(state.sample(), prediction, s.alpha(), s.sigma());
    limit.apply(x0);
    return x0;
  }

  /** The noise that a clean sample implies. */
  final float[] epsilonOf(SamplerState state, float[] x0) {
    Level s = level(state.step());
    float[] e = new float[x0.length];
    for (int i = 0; i < e.length; i++) {
      e[i] = (state.sample()[i] - s.alpha() * x0[i]) / s.sigma();
    }
    return e;
  }

  /** (a - b) / r: a divided difference. */
  static float[] slope(float[] a, float[] b, float r) {
    float inverse = 1f / r;
    float[] slope = new float[a.length];
    for (int i = 0; i < slope.length; i++) {
      slope[i] = inverse * (a[i] - b[i]);
    }
    return slope;
  }
}
