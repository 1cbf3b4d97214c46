/**
 * The autoencoder of latent diffusion: images to latents and back. Rombach et al. 2022; checkpoints
 * are diffusers' AutoencoderKL.
 */
@NullMarked
package dev.darkroom.diffusion.autoencoder;

import org.jspecify.annotations.NullMarked;
