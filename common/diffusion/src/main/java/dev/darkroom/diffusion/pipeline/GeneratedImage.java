package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.image.RgbImage;

/**
 * One picture.
 *
 * @param latent what the sampler ended with, [C*h*w], scaled as the network sees it: diffusers'
 *     {@code output_type="latent"}
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record GeneratedImage(RgbImage image, float[] latent) {}
