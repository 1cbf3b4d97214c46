/**
 * Samplers, one file a published algorithm. A sampler is pure: {@code step(state, prediction) ->
 * state}. Its state is one image's: the sample, what it remembers of earlier predictions, the step
 * it stands at and its place in the noise stream. So rows of one batch can have different samplers,
 * step counts and seeds, and any state can be saved and resumed to the same bits.
 *
 * <p>The arithmetic is plain float32 on arrays, in the order that diffusers does it in. A latent is
 * small (16,384 floats at 512 x 512): an update takes microseconds, needs no native memory, and
 * does not depend on the batch or the device.
 */
@NullMarked
package dev.darkroom.diffusion.sampler;

import org.jspecify.annotations.NullMarked;
