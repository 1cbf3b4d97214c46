package dev.darkroom.diffusion.pipeline;

import org.jspecify.annotations.Nullable;

/**
 * A text as a network takes it.
 *
 * @param context the states of its tokens, [k*T * D]
 * @param pooled one state for the whole text, [P], from an encoder with a projection; else null
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record EncodedText(float[] context, float @Nullable [] pooled) {

  /** Zeros in the place of a text: how Stable Diffusion XL was trained without one. */
  EncodedText zeros() {
    return new EncodedText(
        new float[context.length], pooled == null ? null : new float[pooled.length]);
  }
}
