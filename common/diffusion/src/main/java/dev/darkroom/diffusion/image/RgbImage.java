package dev.darkroom.diffusion.image;

import dev.darkroom.diffusion.DiffusionException;
import java.util.Arrays;
import java.util.Objects;

/** A picture, three bytes a pixel, row by row. Immutable. */
public final class RgbImage {
  private final int width;
  private final int height;
  private final byte[] rgb;

  private RgbImage(int width, int height, byte[] rgb) {
    this.width = width;
    this.height = height;
    this.rgb = rgb;
  }

  /**
   * @param rgb [height * width * 3], copied
   */
  public static RgbImage of(int width, int height, byte[] rgb) {
    check(width, height, rgb.length);
    return new RgbImage(width, height, rgb.clone());
  }

  /**
   * The picture that a decoder's planes show.
   *
   * @param planes [3, height, width], -1 is black and 1 is white; what lies outside is cut
   * @throws DiffusionException of kind BAD_CHECKPOINT if a value is no number: it has no colour
   */
  public static RgbImage ofPlanes(int width, int height, float[] planes) {
    check(width, height, planes.length);
    int pixels = width * height;
    byte[] rgb = new byte[3 * pixels];
    for (int channel = 0; channel < 3; channel++) {
      for (int i = 0; i < pixels; i++) {
        float value = planes[channel * pixels + i];
        if (Float.isNaN(value)) {
          throw DiffusionException.badCheckpoint(
              "picture: expected numbers from the autoencoder's decoder, got NaN; its weights are"
                  + " damaged, or overflow in this dtype");
        }
        float unit = Math.clamp(value / 2 + 0.5f, 0f, 1f);
        rgb[3 * i + channel] = (byte) Math.rint(unit * 255f);
      }
    }
    return new RgbImage(width, height, rgb);
  }

  /** The part of the picture from a pixel on, which lies within it. */
  public RgbImage crop(int left, int top, int newWidth, int newHeight) {
    Objects.checkFromIndexSize(left, newWidth, width);
    Objects.checkFromIndexSize(top, newHeight, height);
    byte[] part = new byte[3 * newWidth * newHeight];
    for (int y = 0; y < newHeight; y++) {
      System.arraycopy(rgb, 3 * ((top + y) * width + left), part, 3 * y * newWidth, 3 * newWidth);
    }
    check(newWidth, newHeight, part.length);
    return new RgbImage(newWidth, newHeight, part);
  }

  /** The planes [3, height, width] in [-1, 1]. */
  public float[] toPlanes() {
    int pixels = width * height;
    float[] planes = new float[3 * pixels];
    for (int channel = 0; channel < 3; channel++) {
      for (int i = 0; i < pixels; i++) {
        planes[channel * pixels + i] = (rgb[3 * i + channel] & 0xff) / 255f * 2 - 1;
      }
    }
    return planes;
  }

  public int width() {
    return width;
  }

  public int height() {
    return height;
  }

  /** [height * width * 3], a copy. */
  public byte[] toBytes() {
    return rgb.clone();
  }

  /** [height * width], the brightness of each pixel in [0, 255]: ITU-R 601-2, rounded as Pillow. */
  public int[] toGray() {
    int[] gray = new int[width * height];
    for (int i = 0; i < gray.length; i++) {
      int r = rgb[3 * i] & 0xff;
      int g = rgb[3 * i + 1] & 0xff;
      int b = rgb[3 * i + 2] & 0xff;
      gray[i] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
    }
    return gray;
  }

  /** The pixel as 0xRRGGBB. */
  int pixel(int x, int y) {
    int i = 3 * (y * width + x);
    return (rgb[i] & 0xff) << 16 | (rgb[i + 1] & 0xff) << 8 | (rgb[i + 2] & 0xff);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RgbImage that
        && width == that.width
        && height == that.height
        && Arrays.equals(rgb, that.rgb);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(rgb);
  }

  private static void check(int width, int height, int length) {
    if (width < 1 || height < 1 || (long) width * height * 3 != length) {
      throw DiffusionException.badInput(
          "picture: expected width * height * 3 = %d * %d * 3 values, got %d"
              .formatted(width, height, length));
    }
  }
}
