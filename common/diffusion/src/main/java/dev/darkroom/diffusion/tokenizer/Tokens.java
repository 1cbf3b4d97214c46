package dev.darkroom.diffusion.tokenizer;

/**
 * One prompt as a text encoder takes it. The arrays are the caller's own.
 *
 * @param ids [T], special tokens and padding included
 * @param mask [T], 1 for tokens, 0 for padding
 */
@SuppressWarnings("ArrayRecordComponent") // short-lived, never compared
public record Tokens(long[] ids, long[] mask) {
  /** How many are tokens and no padding. */
  public int count() {
    int count = 0;
    for (long each : mask) {
      count += (int) each;
    }
    return count;
  }
}
