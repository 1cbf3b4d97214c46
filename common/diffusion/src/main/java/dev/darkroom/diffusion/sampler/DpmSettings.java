package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.random.NoiseSource;
import dev.darkroom.diffusion.sampler.DpmAlgorithm.SolverType;
import dev.darkroom.diffusion.schedule.FinalSigma;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import java.util.List;

/**
 * What both DPM-Solvers read from a configuration.
 *
 * @param endsAtZero whether the last level is free of noise
 */
record DpmSettings(DpmAlgorithm algorithm, SolverType solverType, int order, boolean endsAtZero) {
  static DpmSettings of(SchedulerConfig own) {
    // As in diffusers, a configuration of a sister class stands for this one's default.
    DpmAlgorithm algorithm =
        own.text("algorithm_type", "").equals("deis")
            ? DpmAlgorithm.DPMSOLVER_PP
            : own.option("algorithm_type", DpmAlgorithm.DPMSOLVER_PP);
    SolverType type =
        switch (own.text("solver_type", "midpoint")) {
          case "midpoint", "logrho", "bh1", "bh2" -> SolverType.MIDPOINT;
          case "heun" -> SolverType.HEUN;
          default -> throw own.wrong("solver_type", "midpoint or heun");
        };
    boolean endsAtZero = own.option("final_sigmas_type", FinalSigma.ZERO) == FinalSigma.ZERO;
    if (endsAtZero && !algorithm.predictsData()) {
      throw own.wrong("final_sigmas_type", "sigma_min with " + algorithm.configName());
    }
    if (own.flag("use_flow_sigmas", false) && !algorithm.predictsData()) {
      throw own.wrong("algorithm_type", "dpmsolver++ or sde-dpmsolver++ with use_flow_sigmas");
    }
    if (own.text("variance_type", "").startsWith("learned")) {
      throw own.wrong("variance_type", "none that is learned");
    }
    return new DpmSettings(algorithm, type, SolverSampler.order(own, 3), endsAtZero);
  }

  /** Refuses the order that a multistep update has no weights for. */
  void requireWeights(SchedulerConfig own) {
    if (algorithm == DpmAlgorithm.SDE_DPMSOLVER && order == 3) {
      throw own.wrong("solver_order", "1 or 2 with sde-dpmsolver");
    }
  }

  /** What the algorithm integrates, at a state: the clean sample or the noise. */
  float[] integrand(SolverSampler sampler, SamplerState state, float[] prediction) {
    if (algorithm.predictsData()) {
      return sampler.denoised(state, prediction);
    }
    return sampler.limit instanceof CleanEstimate.Limit.None
        ? noise(sampler, state, prediction)
        : sampler.epsilonOf(state, sampler.denoised(state, prediction));
  }

  /**
   * The next state, with the fresh noise of the stochastic algorithms.
   *
   * @param x where the step without noise leads; noise is added in place
   */
  SamplerState arrive(SamplerState state, float[] x, List<float[]> kept, Level s, Level t) {
    if (!algorithm.draws()) {
      return state.next(x, kept);
    }
    float weight = algorithm.weights(s, t, solverType).noise();
    NoiseSource generator = state.generator();
    float[] noise = generator.normal(x.length);
    for (int k = 0; k < x.length; k++) {
      x[k] += weight * noise[k];
    }
    return state.next(x, kept, generator);
  }

  private static float[] noise(SolverSampler sampler, SamplerState state, float[] prediction) {
    Level s = sampler.level(state.step());
    return sampler.estimate.epsilon(state.sample(), prediction, s.alpha(), s.sigma());
  }
}
