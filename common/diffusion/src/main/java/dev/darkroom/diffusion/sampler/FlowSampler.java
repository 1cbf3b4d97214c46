package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.SigmaSchedule;

/**
 * Samplers of flow-matching models, whose network predicts the velocity e - x_0 of the straight
 * path x = sigma e + (1 - sigma) x_0. Lipman et al. 2023; Esser et al. 2024.
 */
abstract sealed class FlowSampler extends LevelSampler permits FlowMatchEuler, FlowMatchHeun {
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
}
