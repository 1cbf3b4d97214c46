/**
 * What a model learns from: datasets of pictures with captions, read from a folder or an uploaded
 * archive, checked picture by picture before the first step, and turned into examples by pure
 * functions of (seed, step, sample), so that a resumed run sees exactly what an uninterrupted one
 * would have seen.
 */
@NullMarked
package dev.darkroom.trainer.data;

import org.jspecify.annotations.NullMarked;
