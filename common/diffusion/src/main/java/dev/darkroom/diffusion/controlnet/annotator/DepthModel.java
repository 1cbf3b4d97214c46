package dev.darkroom.diffusion.controlnet.annotator;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.image.RgbImage;

/**
 * A network that tells near from far. None is part of this library: any that answers for a picture
 * serves, and {@link #map} makes the picture of its answer that a ControlNet for depth reads.
 */
@FunctionalInterface
public interface DepthModel {

  /**
   * @return [height * width], larger is nearer, in any unit: inverse depth, as MiDaS and Depth
   *     Anything give it
   */
  float[] estimate(RgbImage picture);

  /**
   * The nearest point white, the farthest black.
   *
   * @throws DiffusionException if the model's answer has another size or is no number somewhere
   */
  default RgbImage map(RgbImage picture) {
    float[] near = estimate(picture);
    int pixels = picture.width() * picture.height();
    if (near.length != pixels) {
      throw DiffusionException.badInput(
          "depth: expected a number for each of the picture's %d pixels, got %d"
              .formatted(pixels, near.length));
    }
    float least = Float.POSITIVE_INFINITY;
    float most = Float.NEGATIVE_INFINITY;
    for (float value : near) {
      if (!Float.isFinite(value)) {
        throw DiffusionException.badInput("depth: expected finite numbers, got " + value);
      }
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    byte[] rgb = new byte[3 * pixels];
    float range = most > least ? most - least : 1;
    for (int i = 0; i < pixels; i++) {
      byte shade = (byte) (int) ((near[i] - least) / range * 255);
      rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = shade;
    }
    return RgbImage.of(picture.width(), picture.height(), rgb);
  }
}
