package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.sampler.Sampler;
import java.util.Arrays;
import java.util.List;

/**
 * Conditioning of the latent upscaler: what a text is in one vector stands beside time, which is
 * the noise level itself (c_noise of Karras et al. 2022, table 1).
 *
 * @param texts which count at a call, and how they guide
 */
record UpscalerConditioning(Conditioning texts) implements Conditioning {
  /** Features of how noisy the small picture is: it is not. */
  private static final int NOISE_FEATURES = 128;

  /** Channels of what stands beside time, for a text of so many. */
  static int timeConditionChannels(int pooledChannels) {
    return NOISE_FEATURES + pooledChannels;
  }

  @Override
  public float time(Sampler sampler, int step) {
    return (float) Math.log(sampler.sigmas()[step]) * 0.25f;
  }

  @Override
  public List<Branch> branches(int step) {
    return texts.branches(step).stream()
        .map(
            branch ->
                new Branch(besideTime(branch.conditions()), branch.seesPicture(), branch.toward()))
        .toList();
  }

  @Override
  public float[] guided(int step, List<float[]> predictions) {
    return texts.guided(step, predictions);
  }

  /** The same with the pooled text in the place where the network takes it. */
  private static RowConditions besideTime(RowConditions conditions) {
    float[] pooled = conditions.pooled();
    if (pooled == null) {
      throw DiffusionException.internal(
          "a text of the latent upscaler without a pooled state", null);
    }
    float[] condition = new float[timeConditionChannels(pooled.length)];
    Arrays.fill(condition, 0, NOISE_FEATURES / 2, 1); // cos(0), then sin(0)
    System.arraycopy(pooled, 0, condition, NOISE_FEATURES, pooled.length);
    RowConditions.Shared shared = conditions.shared();
    return new RowConditions(
        conditions.context(),
        null,
        new RowConditions.Shared(
            shared.timeIds(), shared.classLabel(), condition, shared.perturbed()));
  }
}
