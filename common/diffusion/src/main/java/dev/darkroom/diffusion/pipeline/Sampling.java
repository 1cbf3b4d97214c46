package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.sampler.Sampler;
import dev.darkroom.diffusion.sampler.SamplerType;
import org.jspecify.annotations.Nullable;

/**
 * How a request is sampled, and which part of it.
 *
 * @param sampler null is the model's own
 * @param steps of the sampler, at least 1
 * @param eta DDIM's share of noise, in [0, 1]; heeded by DDIM and TCD alone
 * @param originalSteps of the distillation that LCM and TCD take theirs from; null for the model's
 * @param start the share of the run that another model has made, in (0, 1): where a refiner takes
 *     over; null from the beginning
 * @param end the share of the run to make, in (0, 1): where a refiner will take over; null to the
 *     end
 */
public record Sampling(
    @Nullable SamplerType sampler,
    int steps,
    double eta,
    @Nullable Integer originalSteps,
    @Nullable Double start,
    @Nullable Double end) {
  public Sampling {
    if (steps < 1) {
      throw DiffusionException.badInput("steps: expected at least 1, got " + steps);
    }
    if (!(eta >= 0 && eta <= 1)) {
      throw DiffusionException.badInput("eta: expected 0 to 1, got " + eta);
    }
    check("denoising start", start);
    check("denoising end", end);
    if (start != null && end != null && start >= end) {
      throw DiffusionException.badInput(
          "denoising start: expected less than the end %s, got %s".formatted(end, start));
    }
  }

  /** The whole of a run. */
  public static Sampling of(@Nullable SamplerType sampler, int steps, double eta) {
    return new Sampling(sampler, steps, eta, null, null, null);
  }

  private static void check(String name, @Nullable Double share) {
    if (share != null && !(share > 0 && share < 1)) {
      throw DiffusionException.badInput(name + ": expected between 0 and 1, got " + share);
    }
  }

  /**
   * @throws DiffusionException if another model is to make a part of the run
   */
  void requireWhole() {
    requireFromTheBeginning();
    refuse("denoising end", end);
  }

  /**
   * @throws DiffusionException if another model is to have begun the run
   */
  void requireFromTheBeginning() {
    refuse("denoising start", start);
  }

  private static void refuse(String name, @Nullable Double share) {
    if (share != null) {
      throw DiffusionException.badInput(
          "%s: expected none for this kind of request, got %s".formatted(name, share));
    }
  }

  /**
   * The first network call to make where another model has made those before: the first at a time
   * below the one that the share says.
   *
   * @param trainSteps T
   */
  int begin(Sampler run, int trainSteps) {
    if (start == null) {
      return 0;
    }
    int left = run.steps() - callsFrom(run, cutoff(start, trainSteps));
    // A second order step is two calls: the run must not begin between them.
    left += run.order() == 2 && left % 2 == 0 ? 1 : 0;
    return made("denoising start", run.steps() - left, 0, run.steps() - 1);
  }

  /** The call to end before: the first at a time below the one that the share says. */
  int end(Sampler run, int trainSteps) {
    return end == null
        ? run.steps()
        : made("denoising end", callsFrom(run, cutoff(end, trainSteps)), 1, run.steps());
  }

  private static int made(String name, int call, int least, int most) {
    if (call < least || call > most) {
      throw DiffusionException.badInput(
          name + ": expected a share that leaves steps to make, got one that leaves none");
    }
    return call;
  }

  private static int cutoff(double share, int trainSteps) {
    return (int) Math.rint(trainSteps - share * trainSteps);
  }

  /** How many calls are at a time of at least {@code cutoff}. */
  private static int callsFrom(Sampler run, int cutoff) {
    int calls = 0;
    for (int i = 0; i < run.steps(); i++) {
      calls += run.timestep(i) >= cutoff ? 1 : 0;
    }
    return calls;
  }
}
