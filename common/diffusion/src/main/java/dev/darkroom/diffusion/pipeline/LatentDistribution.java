package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.random.NoiseSource;

/**
 * What the autoencoder makes of one picture: a Gaussian for each value of its latent.
 *
 * @param mean [C*h*w], as the encoder gives it
 * @param logvar the same length
 * @param scale of a latent as the network sees it
 * @param shift taken off before scaling
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record LatentDistribution(float[] mean, float[] logvar, float scale, float shift) {

  /** A latent as the network sees it, drawn from here. */
  float[] sample(NoiseSource generator) {
    float[] noise = generator.normal(mean.length);
    float[] latent = new float[mean.length];
    for (int i = 0; i < latent.length; i++) {
      float z = mean[i] + (float) Math.exp(0.5f * logvar[i]) * noise[i];
      latent[i] = (z - shift) * scale;
    }
    return latent;
  }

  /** The most likely latent, as the network sees its own. */
  float[] scaledMode() {
    float[] latent = new float[mean.length];
    for (int i = 0; i < latent.length; i++) {
      latent[i] = mean[i] * scale;
    }
    return latent;
  }

  /** The most likely latent, not scaled: what InstructPix2Pix sees of its picture. */
  float[] mode() {
    return mean;
  }
}
