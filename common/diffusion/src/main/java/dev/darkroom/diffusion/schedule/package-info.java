/**
 * How much noise is in a latent at a time t: betas and their cumulative products, the times and
 * sigmas that a sampler visits, and what the network predicts. Values are float32 in PyTorch's
 * order of operations, so they equal those of diffusers.
 */
@NullMarked
package dev.darkroom.diffusion.schedule;

import org.jspecify.annotations.NullMarked;
