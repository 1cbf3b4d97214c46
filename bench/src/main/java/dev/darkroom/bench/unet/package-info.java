/** One denoising step of a U-Net like Stable Diffusion's, against diffusers on the same machine. */
@NullMarked
package dev.darkroom.bench.unet;

import org.jspecify.annotations.NullMarked;
