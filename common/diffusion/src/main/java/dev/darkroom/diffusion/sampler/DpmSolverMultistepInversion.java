package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.FinalSigma;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.SolverLevels;

/**
 * {@link DpmSolverMultistep} run backwards, from an image to the noise that it is made of. Lu et
 * al. 2022b, algorithm 2, with the inversion of Mokady et al. 2023, section 3.1; {@code
 * DPMSolverMultistepInverseScheduler} of diffusers.
 *
 * <p>Levels and times rise, up to the highest level of training; where times fall together there
 * are fewer calls than steps. The history is that of {@link DpmSolverMultistep}.
 */
public final class DpmSolverMultistepInversion extends SolverSampler {
  static final String FIELDS =
      SolverSampler.FIELDS
          + " algorithm_type euler_at_final lambda_min_clipped variance_type timestep_spacing"
          + " steps_offset";

  private final DpmSettings settings;
  private final MultistepUpdate update;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   */
  public DpmSolverMultistepInversion(SchedulerConfig config, int steps) {
    this(endingInNoise(config), DpmSettings.of(endingInNoise(config)), steps);
  }

  private DpmSolverMultistepInversion(SchedulerConfig own, DpmSettings settings, int steps) {
    super(own, SolverLevels.inverseMultistep(own, steps));
    if (settings.algorithm().draws() && !own.flag("use_flow_sigmas", false)) {
      // The variance of its noise, 1 - exp(-2 h), is below 0 on the way up.
      throw own.wrong("algorithm_type", "dpmsolver++ or dpmsolver: the way to noise draws none");
    }
    settings.requireWeights(own);
    this.settings = settings;
    this.update = MultistepUpdate.of(own, settings, levels.steps());
  }

  /** The field that this class lacks: its last level is never free of noise. */
  private static SchedulerConfig endingInNoise(SchedulerConfig config) {
    return config.only(FIELDS).with("final_sigmas_type", FinalSigma.SIGMA_MIN.configName());
  }

  @Override
  public SamplerState step(SamplerState state, float[] prediction) {
    return update.step(state, settings.integrand(this, state, prediction), this::level);
  }
}
