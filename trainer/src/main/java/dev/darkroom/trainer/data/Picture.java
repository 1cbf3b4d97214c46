package dev.darkroom.trainer.data;

import java.awt.image.BufferedImage;

/**
 * A decoded picture: 8-bit sRGB with straight alpha, row by row, four bytes a pixel (R, G, B, A).
 * Treat {@code rgba} as read-only: nothing here copies it.
 *
 * @param width pixels, at least 1
 * @param height pixels, at least 1
 * @param rgba width * height * 4 bytes
 */
@SuppressWarnings(
    "ArrayRecordComponent") // A megapixel is not worth a copy; equality of pictures is never asked.
public record Picture(int width, int height, byte[] rgba) {

  public Picture {
    if (width < 1 || height < 1 || rgba.length != (long) width * height * 4) {
      throw new IllegalArgumentException(
          "picture: expected %d x %d x 4 bytes, got %d".formatted(width, height, rgba.length));
    }
  }

  /** The pixels of an image of any type, converted to sRGB with straight alpha. */
  public static Picture of(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    byte[] rgba = new byte[width * height * 4];
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      image.getRGB(0, y, width, 1, row, 0, width);
      for (int x = 0; x < width; x++) {
        int at = (y * width + x) * 4;
        rgba[at] = (byte) (row[x] >> 16);
        rgba[at + 1] = (byte) (row[x] >> 8);
        rgba[at + 2] = (byte) row[x];
        rgba[at + 3] = (byte) (row[x] >> 24);
      }
    }
    return new Picture(width, height, rgba);
  }

  /** The part whose top left corner is (left, top). */
  public Picture crop(int left, int top, int width, int height) {
    if (left < 0 || top < 0 || left + width > this.width || top + height > this.height) {
      throw new IllegalArgumentException(
          "crop: expected a part of %d x %d, got %d x %d at (%d, %d)"
              .formatted(this.width, this.height, width, height, left, top));
    }
    byte[] part = new byte[width * height * 4];
    for (int y = 0; y < height; y++) {
      System.arraycopy(rgba, ((top + y) * this.width + left) * 4, part, y * width * 4, width * 4);
    }
    return new Picture(width, height, part);
  }

  /** The largest crop from the middle that has the shape width : height. */
  public Picture cropToShape(int width, int height) {
    int partWidth = (int) Math.min(this.width, Math.max(1, (long) this.height * width / height));
    int partHeight = (int) Math.min(this.height, Math.max(1, (long) this.width * height / width));
    return crop(
        (this.width - partWidth) / 2, (this.height - partHeight) / 2, partWidth, partHeight);
  }

  /**
   * Resizes by area: every pixel becomes the mean of the area it covers, weighted by alpha so that
   * the colour of invisible pixels does not bleed in. Exact for whole factors; enlarging repeats
   * pixels with blended edges.
   */
  public Picture resize(int width, int height) {
    if (width == this.width && height == this.height) {
      return this;
    }
    return new AreaResize(this, width, height).resized();
  }

  /** Composed on an opaque colour. */
  public Picture over(int red, int green, int blue) {
    byte[] opaque = new byte[rgba.length];
    for (int at = 0; at < rgba.length; at += 4) {
      int alpha = rgba[at + 3] & 0xff;
      opaque[at] = blend(rgba[at] & 0xff, red, alpha);
      opaque[at + 1] = blend(rgba[at + 1] & 0xff, green, alpha);
      opaque[at + 2] = blend(rgba[at + 2] & 0xff, blue, alpha);
      opaque[at + 3] = (byte) 255;
    }
    return new Picture(width, height, opaque);
  }

  private static byte blend(int over, int under, int alpha) {
    return (byte) ((over * alpha + under * (255 - alpha) + 127) / 255);
  }

  /** The colours as a model takes them: [3, height, width] in [-1, 1], alpha left out. */
  public float[] planes() {
    int area = width * height;
    float[] planes = new float[3 * area];
    writePlanes(planes, 0);
    return planes;
  }

  /** As {@link #planes}, into {@code target} from {@code offset}: a row of a batch. */
  public void writePlanes(float[] target, int offset) {
    int area = width * height;
    for (int channel = 0; channel < 3; channel++) {
      for (int pixel = 0; pixel < area; pixel++) {
        target[offset + channel * area + pixel] = (rgba[pixel * 4 + channel] & 0xff) / 127.5f - 1;
      }
    }
  }

  /** The reverse of {@link #planes}: values are clamped to [-1, 1] and rounded to 8 bits. */
  public static Picture ofPlanes(int width, int height, float[] planes, int offset) {
    int area = width * height;
    byte[] rgba = new byte[area * 4];
    for (int pixel = 0; pixel < area; pixel++) {
      for (int channel = 0; channel < 3; channel++) {
        float value = Math.clamp(planes[offset + channel * area + pixel], -1f, 1f);
        rgba[pixel * 4 + channel] = (byte) Math.round((value + 1) * 127.5f);
      }
      rgba[pixel * 4 + 3] = (byte) 255;
    }
    return new Picture(width, height, rgba);
  }

  /** For writing to a file or drawing on a sheet. */
  public BufferedImage image() {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int at = (y * width + x) * 4;
        image.setRGB(
            x,
            y,
            (rgba[at + 3] & 0xff) << 24
                | (rgba[at] & 0xff) << 16
                | (rgba[at + 1] & 0xff) << 8
                | (rgba[at + 2] & 0xff));
      }
    }
    return image;
  }
}
