/** Pictures of latents by an autoencoder like Stable Diffusion's, against diffusers. */
@NullMarked
package dev.darkroom.bench.decode;

import org.jspecify.annotations.NullMarked;
