package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.image.RgbImage;

/**
 * Which pixels of a picture are painted anew.
 *
 * @param painted [height * width]
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Mask(int width, int height, boolean[] painted) {
  private static final int HALF = 128;

  /** White is painted: what is as bright as a half, or brighter. */
  static Mask of(RgbImage image) {
    int[] gray = image.toGray();
    boolean[] painted = new boolean[gray.length];
    boolean any = false;
    for (int i = 0; i < painted.length; i++) {
      painted[i] = gray[i] >= HALF;
      any |= painted[i];
    }
    if (!any) {
      throw empty();
    }
    return new Mask(image.width(), image.height(), painted);
  }

  /** Of a mask that paints nothing. */
  static DiffusionException empty() {
    return DiffusionException.badInput(
        "mask: expected white where the picture is to be painted, got none");
  }

  /**
   * [h*w] of a latent, each value from the top left of its pixels: nearest, as diffusers shrinks.
   */
  float[] ofLatent(LatentShape shape) {
    int factor = height / shape.height();
    float[] mask = new float[shape.height() * shape.width()];
    for (int y = 0; y < shape.height(); y++) {
      for (int x = 0; x < shape.width(); x++) {
        mask[y * shape.width() + x] = painted[y * factor * width + x * factor] ? 1 : 0;
      }
    }
    return mask;
  }

  /** The planes [3,height,width] of a picture, 0 where it is painted. */
  float[] leaveOut(float[] planes) {
    float[] left = planes.clone();
    for (int i = 0; i < left.length; i++) {
      if (painted[i % painted.length]) {
        left[i] = 0;
      }
    }
    return left;
  }

  /** The painted pixels of one picture, all others from the original, byte for byte. */
  RgbImage pasteBack(RgbImage original, RgbImage made) {
    byte[] rgb = original.toBytes();
    byte[] new3 = made.toBytes();
    for (int i = 0; i < painted.length; i++) {
      if (painted[i]) {
        System.arraycopy(new3, 3 * i, rgb, 3 * i, 3);
      }
    }
    return RgbImage.of(width, height, rgb);
  }
}
