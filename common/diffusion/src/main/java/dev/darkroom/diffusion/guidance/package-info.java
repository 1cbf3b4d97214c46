/**
 * Guidance: how predictions with and without the prompt become one. Rows are arrays, as in {@code
 * sampler}.
 */
@NullMarked
package dev.darkroom.diffusion.guidance;

import org.jspecify.annotations.NullMarked;
