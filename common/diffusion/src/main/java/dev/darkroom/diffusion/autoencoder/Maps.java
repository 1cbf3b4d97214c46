package dev.darkroom.diffusion.autoencoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;

/** What an autoencoder asks of the maps it is given. */
final class Maps {
  private Maps() {}

  /** An image [N, channels, H, W] whose sides the encoder can divide by {@code factor}. */
  static Shape image(NDArray image, int channels, int factor) {
    Shape shape = map("image", image, channels);
    if (shape.get(2) % factor != 0 || shape.get(3) % factor != 0) {
      throw DiffusionException.badInput(
          "image: expected height and width in multiples of %d, got %s".formatted(factor, shape));
    }
    return shape;
  }

  /** A latent [N, channels, h, w]. */
  static Shape latent(NDArray latent, int channels) {
    return map("latent", latent, channels);
  }

  private static Shape map(String name, NDArray x, int channels) {
    Shape shape = x.getShape();
    if (shape.dimension() != 4 || shape.get(1) != channels || shape.size() == 0) {
      throw DiffusionException.badInput(
          "%s: expected [N,%d,H,W], got %s".formatted(name, channels, shape));
    }
    if (x.getDataType() != DataType.FLOAT32) {
      throw DiffusionException.badInput(
          "%s: expected float32, got %s".formatted(name, x.getDataType()));
    }
    return shape;
  }
}
