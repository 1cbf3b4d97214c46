package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.random.NoiseSource;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import org.jspecify.annotations.Nullable;

/**
 * Strategic stochastic sampling of a trajectory consistency model: go to a time s below the next
 * one, then noise back up to it. Zheng et al. 2024, algorithm 4; {@code TCDScheduler} of diffusers.
 *
 * <p>eta is the paper's gamma: 0 is deterministic, 1 goes to x_0 each time. Draws at every step but
 * the last where eta is above 0. As in diffusers, clipping and thresholding have no effect.
 */
public final class Tcd extends DiscreteTimeSampler {
  static final String FIELDS =
      DiscreteTimeSampler.FIELDS
          + " original_inference_steps set_alpha_to_one rescale_betas_zero_snr";

  private final double eta;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, original steps]
   * @param eta in [0, 1]
   * @param originalSteps null is the configuration's own, 50 by default; another one spreads the
   *     times over all of training
   * @param strength the share of them to take the steps from, in (0, 1]
   */
  public Tcd(
      SchedulerConfig config,
      int steps,
      double eta,
      @Nullable Integer originalSteps,
      double strength) {
    this(
        DistilledTimes.withDefaults(config.only(FIELDS)),
        eta,
        originalSteps == null
            ? DistilledTimes.of(
                config, steps, config.integer("original_inference_steps", 50), strength)
            : DistilledTimes.ofAll(config, steps, originalSteps, strength));
  }

  private Tcd(SchedulerConfig own, double eta, int[] timesteps) {
    super(own, new CleanEstimate.Limit.None(), timesteps);
    this.eta = Ddim.checkedEta(eta);
  }

  @Override
  public SamplerState step(SamplerState state, float[] prediction) {
    boolean last = state.step() == timesteps.length - 1;
    int t = timesteps[state.step()];
    int next = last ? 0 : timesteps[state.step() + 1];
    int s = (int) Math.floor((float) (1 - eta) * next);

    float[] x0 = denoised(state, prediction);
    float[] e = estimate.epsilon(state.sample(), prediction, schedule.alpha(t), schedule.sigma(t));
    float[] xs = schedule.addNoise(x0, e, s);
    if (eta == 0 || last) {
      return state.next(xs);
    }
    float ratio = schedule.alphasCumprod(next) / schedule.alphasCumprod(s);
    float ofSample = (float) Math.sqrt(ratio);
    float ofNoise = (float) Math.sqrt(1f - ratio);
    NoiseSource generator = state.generator();
    float[] noise = generator.normal(xs.length);
    for (int i = 0; i < xs.length; i++) {
      xs[i] = ofSample * xs[i] + ofNoise * noise[i];
    }
    return state.next(xs, generator);
  }
}
