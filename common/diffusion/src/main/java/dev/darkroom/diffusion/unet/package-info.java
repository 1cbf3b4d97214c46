/**
 * The U-Net that predicts noise, velocity or image from a noisy latent, a time and a text.
 * Ronneberger et al. 2015, Rombach et al. 2022; checkpoints are diffusers' UNet2DConditionModel.
 */
@NullMarked
package dev.darkroom.diffusion.unet;

import org.jspecify.annotations.NullMarked;
