package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.schedule.NoiseSchedule;

/**
 * How an upscaler's small picture is noised before the network reads it.
 *
 * @param schedule of {@code low_res_scheduler}
 * @param maxNoiseLevel the highest training time it was trained with
 */
record LowResolution(NoiseSchedule schedule, int maxNoiseLevel) {
  /** Of {@code StableDiffusionUpscalePipeline}. */
  static final int DEFAULT_MAX_NOISE_LEVEL = 350;

  /**
   * Of the latents of every such model, whatever its autoencoder's config says: as in diffusers.
   */
  static final double SCALING_FACTOR = 0.08333;
}
