package dev.darkroom.diffusion.pipeline;

/**
 * As many tokens as a text encoder takes at once.
 *
 * @param ids [T], special tokens and padding included
 * @param mask [T], 1 up to the end token
 * @param weights [T], 1 where nothing is asked for
 */
@SuppressWarnings("ArrayRecordComponent") // short-lived, never compared
record PromptChunk(long[] ids, long[] mask, float[] weights) {

  boolean isWeighted() {
    for (float weight : weights) {
      if (weight != 1) {
        return true;
      }
    }
    return false;
  }
}
