package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.schedule.Timesteps;
import java.util.ArrayList;
import java.util.List;

/**
 * The improved pseudo linear multistep method of order 4, on the levels of a cosine: alpha_t =
 * cos(phi), sigma_t = sin(phi). Zhang and Chen 2023, equations 9 to 13 (pseudo numerical methods:
 * Liu et al. 2022); {@code IPNDMScheduler} of diffusers. The network is told phi as a share of a
 * right angle, in (0, 1], and answers the velocity.
 *
 * <p>The history holds the last three estimates of the noise.
 */
public final class Ipndm implements Sampler {
  static final String FIELDS = "num_train_timesteps trained_betas";

  private static final int ORDER = 4;
  private static final float SMALLEST_ALPHA = 1e-8f;

  private final float[] timesteps;
  private final float[] alphas;
  private final float[] sigmas;

  /**
   * @param config of which the fields of this class count
   * @param steps in [1, T]
   */
  public Ipndm(SchedulerConfig config, int steps) {
    SchedulerConfig own = config.only(FIELDS);
    Timesteps.checkSteps(steps, own.numTrainTimesteps());
    own.requireAbsent("trained_betas");
    timesteps = new float[steps];
    alphas = new float[steps + 1];
    sigmas = new float[steps + 1];
    for (int i = 0; i <= steps; i++) {
      float share = (float) (steps - i) / steps;
      float sine = (float) Math.sin(share * (float) Math.PI / 2);
      sigmas[i] = sine * sine;
      alphas[i] = (float) Math.sqrt(1f - sigmas[i] * sigmas[i]);
      if (i < steps) {
        timesteps[i] = (float) Math.atan2(sigmas[i], alphas[i]) / (float) Math.PI * 2;
      }
    }
  }

  @Override
  public int steps() {
    return timesteps.length;
  }

  @Override
  public float timestep(int step) {
    return timesteps[step];
  }

  @Override
  public boolean hasWholeTimesteps() {
    return false;
  }

  @Override
  public float[] sigmas() {
    return new float[0];
  }

  @Override
  public float initNoiseSigma() {
    return 1f;
  }

  @Override
  public float[] addNoise(float[] x0, float[] noise, int step) {
    return mixed(alphas[step], x0, sigmas[step], noise);
  }

  @Override
  public float[] denoised(SamplerState state, float[] velocity) {
    int i = state.step();
    return mixed(alphas[i], state.sample(), -sigmas[i], velocity);
  }

  @Override
  public SamplerState step(SamplerState state, float[] velocity) {
    int i = state.step();
    float[] x = state.sample();
    List<float[]> e = new ArrayList<>(state.history());
    e.addFirst(mixed(sigmas[i], x, alphas[i], velocity));
    float[] slope = adamsBashforth(e);
    float alpha = Math.max(alphas[i], SMALLEST_ALPHA);
    float[] next = new float[x.length];
    for (int k = 0; k < next.length; k++) {
      float x0 = (x[k] - sigmas[i] * slope[k]) / alpha;
      next[k] = alphas[i + 1] * x0 + slope[k] * sigmas[i + 1];
    }
    return state.next(next, e.subList(0, Math.min(e.size(), ORDER - 1)));
  }

  private static float[] adamsBashforth(List<float[]> e) {
    float[] slope = e.getFirst().clone();
    for (int k = 0; k < slope.length; k++) {
      slope[k] =
          switch (e.size()) {
            case 1 -> slope[k];
            case 2 -> (3 * slope[k] - e.get(1)[k]) / 2;
            case 3 -> (23 * slope[k] - 16 * e.get(1)[k] + 5 * e.get(2)[k]) / 12;
            default ->
                1f / 24 * (55 * slope[k] - 59 * e.get(1)[k] + 37 * e.get(2)[k] - 9 * e.get(3)[k]);
          };
    }
    return slope;
  }

  private static float[] mixed(float a, float[] x, float b, float[] y) {
    float[] sum = new float[x.length];
    for (int k = 0; k < sum.length; k++) {
      sum[k] = a * x[k] + b * y[k];
    }
    return sum;
  }
}
