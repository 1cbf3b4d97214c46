package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.SolverLevels;
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
  private final MultistepUpdate update;

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
    settings.requireWeights(own);
    this.settings = settings;
    this.update = MultistepUpdate.of(own, settings, levels.steps());
  }

  @Override
  public SamplerState step(SamplerState state, float[] prediction) {
    return update.step(state, settings.integrand(this, state, prediction), this::level);
  }
}
