package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.sampler.Sampler;
import dev.darkroom.diffusion.sampler.SamplerState;

/**
 * The part of a latent that a run must not change: after each step it is put back, as noisy as the
 * rest. Lugmayr et al. 2022 (RePaint), equation 8; diffusers' inpainting with a U-Net that knows no
 * mask.
 *
 * @param x0 the picture's latent, [C*h*w]
 * @param noise that the run began with, [C*h*w]
 * @param mask [h*w], 1 where the run may paint and 0 where the picture stays
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record KeptLatent(float[] x0, float[] noise, float[] mask) {

  /**
   * @param end the call that the run ends before: after the last one the picture is put back clean
   */
  SamplerState restore(Sampler sampler, SamplerState state, int end) {
    float[] kept = state.step() < end ? sampler.addNoise(x0, noise, state.step()) : x0;
    float[] sample = state.sample();
    float[] blended = new float[sample.length];
    for (int i = 0; i < blended.length; i++) {
      float m = mask[i % mask.length];
      blended[i] = (1 - m) * kept[i] + m * sample[i];
    }
    return state.withSample(blended);
  }
}
