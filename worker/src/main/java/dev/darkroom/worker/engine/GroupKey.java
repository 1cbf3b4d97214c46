package dev.darkroom.worker.engine;

/**
 * What rows must have in common to share a forward. Prompt, seed, sampler, step count and guidance
 * may all differ.
 *
 * @param model which loaded model denoises the row; a version id
 * @param shape the row's latent
 */
public record GroupKey(String model, LatentShape shape) {}
