package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.autoencoder.LatentScaling;
import dev.darkroom.diffusion.random.NoiseSource;

/**
 * What the autoencoder makes of one picture: a Gaussian for each value of its latent.
 *
 * @param mean [C*h*w], as the encoder gives it
 * @param logvar the same length
 * @param scaling between it and what the network sees
 * @param area h*w
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record LatentDistribution(float[] mean, float[] logvar, LatentScaling scaling, int area) {

  /** A latent as the network sees it, drawn from here. */
  float[] sample(NoiseSource generator) {
    float[] noise = generator.normal(mean.length);
    float[] latent = new float[mean.length];
    for (int i = 0; i < latent.length; i++) {
      latent[i] = mean[i] + (float) Math.exp(0.5f * logvar[i]) * noise[i];
    }
    return scaling.seen(latent, area);
  }

  /** The most likely latent, multiplied as the network's own are. */
  float[] scaledMode() {
    float[] latent = new float[mean.length];
    for (int i = 0; i < latent.length; i++) {
      latent[i] = mean[i] * scaling.factor();
    }
    return latent;
  }

  /** The most likely latent, not scaled: what InstructPix2Pix sees of its picture. */
  float[] mode() {
    return mean;
  }
}
