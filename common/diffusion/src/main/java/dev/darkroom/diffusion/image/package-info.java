/**
 * Pictures of 8 bits: from a decoder's planes to PNG, JPEG and WebP files, and back with bounded
 * memory.
 */
@NullMarked
package dev.darkroom.diffusion.image;

import org.jspecify.annotations.NullMarked;
