package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.random.NoiseSource;

/**
 * A way from noise to an image, for one model's schedule and one number of steps. Immutable and
 * thread-safe.
 *
 * <pre>{@code
 * SamplerState state = sampler.start(noise, generator);
 * while (state.step() < sampler.steps()) {
 *   float[] prediction = network(sampler.modelInput(state), sampler.timestep(state.step()));
 *   state = sampler.step(state, prediction);
 * }
 * }</pre>
 */
public sealed interface Sampler permits DiscreteTimeSampler, Ipndm, LevelSampler {
  /** The number of network calls, which may be more than the steps that were asked for. */
  int steps();

  /** The network calls of one step: 2 for the second order methods that ask twice. */
  default int order() {
    return 1;
  }

  /** The time that call {@code step} tells the network, in [0, T); a fraction for some samplers. */
  float timestep(int step);

  /** Whether {@link #timestep} only has whole numbers, which diffusers keeps as integers. */
  boolean hasWholeTimesteps();

  /**
   * The noise levels before each call and after the last; empty for samplers that have times alone.
   */
  float[] sigmas();

  /** The standard deviation of the noise that {@link #start} makes. */
  float initNoiseSigma();

  /**
   * The state before the first call.
   *
   * @param noise standard normal, [C*H*W]
   * @param generator where later noise comes from, at the place behind {@code noise}
   */
  default SamplerState start(float[] noise, NoiseSource generator) {
    float sigma = initNoiseSigma();
    float[] sample = new float[noise.length];
    for (int i = 0; i < sample.length; i++) {
      sample[i] = noise[i] * sigma;
    }
    return SamplerState.at(0, sample, generator);
  }

  /**
   * The state in the middle of a run that starts from a picture (SDEdit, Meng et al. 2022).
   *
   * @param step the first call to make; a multiple of {@link #order()}
   * @param x0 the picture's latent, [C*H*W]
   * @param noise standard normal, the length of x0
   * @param generator where later noise comes from, at the place behind {@code noise}
   */
  default SamplerState startAt(int step, float[] x0, float[] noise, NoiseSource generator) {
    return SamplerState.at(step, addNoise(x0, noise, step), generator);
  }

  /** A clean sample as noisy as call {@code step} expects it: {@code add_noise} of diffusers. */
  float[] addNoise(float[] x0, float[] noise, int step);

  /**
   * What the network is shown: the sample, scaled to unit variance where the sampler works in sigma
   * space.
   */
  default float[] modelInput(SamplerState state) {
    return state.sample();
  }

  /** The clean sample x_0 that a prediction implies, for previews. */
  float[] denoised(SamplerState state, float[] prediction);

  /**
   * One call's step towards the image.
   *
   * @param state before call {@code state.step()}
   * @param prediction what the network answered, guided; the length of the sample
   */
  SamplerState step(SamplerState state, float[] prediction);
}
