package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.SigmaSchedule;

/**
 * Samplers with the preconditioning of EDM. Karras et al. 2022, table 1. The sample is x_0 + sigma
 * e. The network is shown c_in x and told log(sigma) / 4; its answer F gives x_0 = c_skip x + c_out
 * F.
 */
abstract sealed class EdmSampler extends LevelSampler permits EdmDpmSolverMultistep, EdmEuler {
  /** The fields that all their classes in diffusers have. */
  static final String FIELDS =
      "sigma_min sigma_max sigma_data sigma_schedule num_train_timesteps prediction_type rho"
          + " final_sigmas_type";

  private final float sigmaData;
  private final float sign;
  private final float initNoiseSigma;

  EdmSampler(SchedulerConfig own, SigmaSchedule levels) {
    super(levels);
    this.sigmaData = (float) own.number("sigma_data", 0.5);
    double max = own.number("sigma_max", 80);
    this.initNoiseSigma = (float) Math.sqrt(max * max + 1);
    this.sign =
        switch (own.predictionType()) {
          case EPSILON -> 1f;
          case V_PREDICTION -> -1f;
          case SAMPLE, FLOW -> throw own.wrong("prediction_type", "epsilon or v_prediction");
        };
  }

  @Override
  public final float initNoiseSigma() {
    return initNoiseSigma;
  }

  @Override
  public final float[] addNoise(float[] x0, float[] noise, int step) {
    return SigmaSampler.along(x0, noise, levels.sigma(step));
  }

  @Override
  public final float[] modelInput(SamplerState state) {
    float sigma = levels.sigma(state.step());
    float cIn = 1f / (float) Math.sqrt(sigma * sigma + sigmaData * sigmaData);
    float[] input = state.sample().clone();
    for (int i = 0; i < input.length; i++) {
      input[i] *= cIn;
    }
    return input;
  }

  @Override
  public float[] denoised(SamplerState state, float[] output) {
    float sigma = levels.sigma(state.step());
    float square = sigma * sigma + sigmaData * sigmaData;
    float cSkip = sigmaData * sigmaData / square;
    float cOut = sign * sigma * sigmaData / (float) Math.sqrt(square);
    float[] x0 = new float[output.length];
    for (int i = 0; i < x0.length; i++) {
      x0[i] = cSkip * state.sample()[i] + cOut * output[i];
    }
    return x0;
  }
}
