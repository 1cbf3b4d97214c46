package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.sampler.Sampler;

/**
 * How much of a picture a run may change: the share of its steps that are made. Meng et al. 2022
 * (SDEdit), t_0.
 *
 * @param share in (0, 1]; 1 begins with pure noise
 */
record Strength(double share) {
  Strength {
    if (!(share > 0 && share <= 1)) {
      throw DiffusionException.badInput(
          "strength: expected more than 0 and at most 1, got " + share);
    }
  }

  /**
   * The first network call to make, as diffusers counts.
   *
   * @param steps that were asked for, of which the sampler may make several calls each
   * @throws DiffusionException if none would be left
   */
  int begin(Sampler sampler, int steps) {
    int made = Math.min((int) (steps * share), steps);
    if (made < 1) {
      throw DiffusionException.badInput(
          "strength: expected at least %s for %d steps, got %s: not one step would be made"
              .formatted(1.0 / steps, steps, share));
    }
    return (steps - made) * sampler.order();
  }
}
