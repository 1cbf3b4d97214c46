package dev.darkroom.diffusion.autoencoder;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Between an autoencoder's latents z and those that the diffusion model sees, x: {@code x = (z -
 * shift) * factor}, or, where each channel has a mean and a deviation of its own, {@code x = (z -
 * mean) * factor / deviation}, as in Playground 2.5. diffusers' {@code scaling_factor}, {@code
 * shift_factor}, {@code latents_mean} and {@code latents_std}.
 *
 * @param means of each channel; empty where they are not told apart
 * @param deviations as many
 */
public record LatentScaling(float factor, float shift, List<Float> means, List<Float> deviations) {

  public LatentScaling {
    means = List.copyOf(means);
    deviations = List.copyOf(deviations);
  }

  /** The same for all channels. */
  public static LatentScaling of(double factor, @Nullable Double shift) {
    return new LatentScaling(
        (float) factor, shift == null ? 0 : shift.floatValue(), List.of(), List.of());
  }

  /** The same with another factor. */
  public LatentScaling withFactor(double other) {
    return new LatentScaling((float) other, shift, means, deviations);
  }

  /**
   * What the diffusion model sees.
   *
   * @param z [N*C*h*w] of the autoencoder
   * @param area h*w
   */
  public float[] seen(float[] z, int area) {
    float[] x = new float[z.length];
    for (int i = 0; i < x.length; i++) {
      if (means.isEmpty()) {
        x[i] = (z[i] - shift) * factor;
      } else {
        int channel = i / area % means.size();
        x[i] = (z[i] - means.get(channel)) * factor / deviations.get(channel);
      }
    }
    return x;
  }

  /**
   * The autoencoder's own of what the diffusion model sees.
   *
   * @param x [N*C*h*w]
   * @param area h*w
   */
  public float[] own(float[] x, int area) {
    float[] z = new float[x.length];
    for (int i = 0; i < z.length; i++) {
      if (means.isEmpty()) {
        z[i] = x[i] / factor + shift;
      } else {
        int channel = i / area % means.size();
        z[i] = x[i] * deviations.get(channel) / factor + means.get(channel);
      }
    }
    return z;
  }
}
