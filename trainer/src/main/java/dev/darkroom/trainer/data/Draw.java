package dev.darkroom.trainer.data;

import java.util.SplittableRandom;

/**
 * Randomness as a function of (seed, step, sample, purpose): no generator is carried from step to
 * step, so there is none to save. Values drawn for different purposes are independent, so adding a
 * purpose leaves the others as they were.
 */
public record Draw(long seed, long step, long sample) {

  /** A fresh generator for one purpose at this place of the run. */
  public SplittableRandom random(Purpose purpose) {
    long mixed = mix(seed);
    mixed = mix(mixed ^ step);
    mixed = mix(mixed ^ sample);
    return new SplittableRandom(mix(mixed ^ purpose.salt));
  }

  /**
   * What randomness is drawn for. The salts are part of every run's identity: never change or reuse
   * one.
   */
  public enum Purpose {
    ORDER(1),
    VARIANT(2),
    CAPTION(3),
    CAPTION_DROPOUT(4),
    CROP(5),
    TIMESTEP(6),
    NOISE(7),
    POSTERIOR(8),
    FLIP(9);

    private final long salt;

    Purpose(long salt) {
      this.salt = salt;
    }
  }

  /** The finaliser of SplitMix64 (Steele, Lea and Flood 2014), moved off its fixed point at 0. */
  private static long mix(long value) {
    long z = value + 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
