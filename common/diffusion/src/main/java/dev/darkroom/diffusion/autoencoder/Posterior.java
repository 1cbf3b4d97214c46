package dev.darkroom.diffusion.autoencoder;

import ai.djl.ndarray.NDArray;

/**
 * The encoder's diagonal Gaussian over latents. A sample is {@code mean + exp(logvar / 2) * noise};
 * the mode is the mean.
 *
 * @param mean [N, latentChannels, H/f, W/f] float32
 * @param logvar the same shape; within [-30, 20]
 */
public record Posterior(NDArray mean, NDArray logvar) {}
