package dev.darkroom.diffusion.random;

/**
 * Where a sampler's noise comes from: a seed's stream, or values that somebody recorded. Not
 * thread-safe.
 */
public interface NoiseSource {
  /** The next n standard normals. */
  float[] normal(int n);

  /** An independent source at the same place. */
  NoiseSource copy();

  /** The place, for those sources that can be saved. */
  byte[] toBytes();
}
