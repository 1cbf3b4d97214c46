package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.random.TorchGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Where one picture's randomness comes from.
 *
 * @param value of the stream: {@code torch.Generator("cpu").manual_seed(value)}
 * @param noise the initial noise, [C*h*w], where it is the caller's: then nothing is drawn for it,
 *     and the stream's first draw goes to whatever comes next; else null
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Seed(long value, float @Nullable [] noise) {

  public static Seed of(long value) {
    return new Seed(value, null);
  }

  /**
   * The latent that another model ended with, as it stands.
   *
   * @return [C*h*w]
   */
  float[] handedOver(LatentShape shape) {
    if (noise == null) {
      throw DiffusionException.badInput(
          "denoising start: expected a picture, or the latents that another model ended with, got"
              + " none");
    }
    return checked(noise, shape);
  }

  /** The stream at its start. */
  TorchGenerator generator() {
    return new TorchGenerator(value);
  }

  /**
   * The initial noise, standard normal: the caller's, or the stream's next draw.
   *
   * @return [C*h*w]
   */
  float[] initialNoise(LatentShape shape, TorchGenerator generator) {
    return noise == null ? generator.normal(shape.size()) : checked(noise, shape);
  }

  private static float[] checked(float[] latent, LatentShape shape) {
    if (latent.length != shape.size()) {
      throw DiffusionException.badInput(
          "latents: expected [%d,%d,%d] for each image, got %d values"
              .formatted(shape.channels(), shape.height(), shape.width(), latent.length));
    }
    return latent;
  }
}
