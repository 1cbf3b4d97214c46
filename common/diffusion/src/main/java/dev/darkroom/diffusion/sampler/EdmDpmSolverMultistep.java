package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.EdmLevels;
import dev.darkroom.diffusion.schedule.SchedulerConfig;

/**
 * DPM-Solver++ of order 1 to 3 and its SDE variant of order 1 and 2, with the preconditioning of
 * EDM. Lu et al. 2022b; Karras et al. 2022; {@code EDMDPMSolverMultistepScheduler} of diffusers.
 *
 * <p>The history is that of {@link DpmSolverMultistep}.
 */
public final class EdmDpmSolverMultistep extends EdmSampler {
  static final String FIELDS =
      EdmSampler.FIELDS
          + " solver_order thresholding dynamic_thresholding_ratio sample_max_value algorithm_type"
          + " solver_type lower_order_final euler_at_final";

  private final MultistepUpdate update;
  private final CleanEstimate.Limit limit;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   */
  public EdmDpmSolverMultistep(SchedulerConfig config, int steps) {
    super(config.only(FIELDS), EdmLevels.multistep(config.only(FIELDS), steps));
    SchedulerConfig own = config.only(FIELDS);
    DpmSettings settings = DpmSettings.of(own);
    if (!settings.algorithm().predictsData()) {
      throw own.wrong("algorithm_type", "dpmsolver++ or sde-dpmsolver++");
    }
    if (settings.algorithm().draws() && settings.order() == 3) {
      throw own.wrong("solver_order", "1 or 2 with sde-dpmsolver++");
    }
    this.update = MultistepUpdate.of(own, settings, steps);
    this.limit = CleanEstimate.Limit.thresholdOf(own);
  }

  @Override
  public float[] denoised(SamplerState state, float[] output) {
    float[] x0 = super.denoised(state, output);
    limit.apply(x0);
    return x0;
  }

  @Override
  public SamplerState step(SamplerState state, float[] output) {
    return update.step(
        state, denoised(state, output), i -> Level.ofVarianceExploding(levels.sigma(i)));
  }
}
