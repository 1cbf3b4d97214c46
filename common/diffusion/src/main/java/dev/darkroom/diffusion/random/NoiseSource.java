package dev.darkroom.diffusion.random;

import java.util.OptionalLong;

/**
 * Where a sampler's noise comes from: a seed's stream, or values that somebody recorded. Not
 * thread-safe.
 */
public interface NoiseSource {
  /** The next n standard normals. */
  float[] normal(int n);

  /** The seed of the stream, unsigned; empty for recorded values. */
  OptionalLong seed();

  /** An independent source at the same place. */
  NoiseSource copy();

  /** The place, for those sources that can be saved. */
  byte[] toBytes();
}
