package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.DiffusionException;
import org.jspecify.annotations.Nullable;

/**
 * What a request may ask of a sampler beside its name, under diffusers' names; null is the class's
 * own default.
 *
 * @param steps how many, in [1, T]
 * @param eta share of noise in [0, 1]: DDIM's (default 0) and TCD's (default 0.3); no other sampler
 *     heeds it
 * @param mu the shift that a flow needs for its picture's size, where it shifts dynamically
 * @param sigmas levels instead of the sampler's own: a flow's, one a step and not yet shifted; or
 *     Euler's, with the level where it ends
 * @param originalSteps the steps of the distillation that LCM and TCD take theirs from
 * @param strength the share of those, from the clean end, that they take theirs from, in (0, 1]
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record SamplerOptions(
    int steps,
    @Nullable Double eta,
    @Nullable Double mu,
    float @Nullable [] sigmas,
    @Nullable Integer originalSteps,
    @Nullable Double strength) {

  /** Nothing but the step count. */
  public static SamplerOptions of(int steps) {
    return new SamplerOptions(steps, null, null, null, null, null);
  }

  /** Step count and eta, as the pipelines of diffusers always give it. */
  public static SamplerOptions of(int steps, double eta) {
    return new SamplerOptions(steps, eta, null, null, null, null);
  }

  double strengthOr1() {
    return strength == null ? 1 : strength;
  }

  double etaOr(double absent) {
    return eta == null ? absent : eta;
  }

  /** Refuses what a sampler would have to ignore. */
  void allowOnly(boolean takesMu, boolean takesSigmas, boolean isDistilled) {
    refuse("mu", mu != null && !takesMu);
    refuse("sigmas", sigmas != null && !takesSigmas);
    refuse("original_inference_steps", originalSteps != null && !isDistilled);
    refuse("strength", strength != null && !isDistilled);
  }

  private static void refuse(String option, boolean given) {
    if (given) {
      throw DiffusionException.badInput(
          option + ": expected none, this sampler has no such option; leave it out");
    }
  }
}
