package dev.darkroom.trainer.recipe;

import java.util.SplittableRandom;

/**
 * When a sample is trained: {@code s u / (1 + (s - 1) u)} of the schedule, for u uniform in [0, 1).
 * A shift of 1 draws every time alike. Above 1 the noisy end is drawn more often, where a model
 * learns what a picture shows, and the other end less, where it learns texture. Esser et al. 2024,
 * section 5.3.2.
 *
 * @param count of the noise schedule
 * @param shift s, above 0
 */
record Timesteps(int count, double shift) {

  /** One of 0 to {@code count} - 1. */
  int draw(SplittableRandom random) {
    if (shift == 1) {
      return random.nextInt(count);
    }
    double even = random.nextDouble();
    return (int) (count * shift * even / (1 + (shift - 1) * even));
  }
}
