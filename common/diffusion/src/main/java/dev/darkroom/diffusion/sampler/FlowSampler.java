package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.random.NoiseSource;
import dev.darkroom.diffusion.schedule.SigmaSchedule;

/**
 * Samplers of flow-matching models, whose network predicts the velocity e - x_0 of the straight
 * path x = sigma e + (1 - sigma) x_0. Lipman et al. 2023; Esser et al. 2024.
 */
abstract sealed class FlowSampler extends LevelSampler
    permits FlowMatchEuler, FlowMatchHeun, FlowMatchLcm {
  /** The fields of those classes in diffusers that shift by more than a constant. */
  static final String SHIFTED_FIELDS =
      "num_train_timesteps shift use_dynamic_shifting base_shift max_shift base_image_seq_len"
          + " max_image_seq_len invert_sigmas shift_terminal use_karras_sigmas"
          + " use_exponential_sigmas use_beta_sigmas time_shift_type";

  FlowSampler(SigmaSchedule levels) {
    super(levels);
  }

  @Override
  public final float initNoiseSigma() {
    return 1f;
  }

  @Override
  public final float[] addNoise(float[] x0, float[] noise, int step) {
    float sigma = levels.sigma(step);
    float[] x = new float[x0.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = sigma * noise[i] + (1f - sigma) * x0[i];
    }
    return x;
  }

  @Override
  public final float[] denoised(SamplerState state, float[] velocity) {
    return SigmaSampler.along(state.sample(), velocity, -levels.sigma(state.step()));
  }

  /** The next state by way of x_0, with new noise of the next level. */
  final SamplerState renoised(SamplerState state, float[] velocity) {
    float next = levels.sigma(state.step() + 1);
    float[] x = denoised(state, velocity);
    NoiseSource generator = state.generator();
    float[] noise = generator.normal(x.length);
    for (int i = 0; i < x.length; i++) {
      x[i] = (1f - next) * x[i] + next * noise[i];
    }
    return state.next(x, generator);
  }
}
