/** Steps of the latent-diffusion recipe, against a plain PyTorch loop on the same machine. */
@NullMarked
package dev.darkroom.bench.train;

import org.jspecify.annotations.NullMarked;
