/**
 * Losses of autoencoders: perceptual distance, the KL term, and the patch discriminator with its
 * adaptive weight. Pixels are [N, 3, H, W] in [-1, 1].
 */
@NullMarked
package dev.darkroom.trainer.loss;

import org.jspecify.annotations.NullMarked;
