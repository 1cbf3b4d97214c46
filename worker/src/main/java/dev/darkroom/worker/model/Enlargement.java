package dev.darkroom.worker.model;

import dev.darkroom.diffusion.image.RgbImage;

/** A picture made larger, smoothly: a preview has a pixel where the image has a whole block. */
final class Enlargement {
  private Enlargement() {}

  /** Bilinear, with pixel centres where they belong. */
  static RgbImage of(RgbImage small, int times) {
    byte[] from = small.toBytes();
    int width = small.width() * times;
    int height = small.height() * times;
    byte[] to = new byte[3 * width * height];
    for (int y = 0; y < height; y++) {
      float sy = Math.clamp((y + 0.5f) / times - 0.5f, 0, small.height() - 1);
      int y0 = (int) sy;
      int y1 = Math.min(y0 + 1, small.height() - 1);
      for (int x = 0; x < width; x++) {
        float sx = Math.clamp((x + 0.5f) / times - 0.5f, 0, small.width() - 1);
        int x0 = (int) sx;
        int x1 = Math.min(x0 + 1, small.width() - 1);
        for (int c = 0; c < 3; c++) {
          float top = mix(at(from, small, x0, y0, c), at(from, small, x1, y0, c), sx - x0);
          float bottom = mix(at(from, small, x0, y1, c), at(from, small, x1, y1, c), sx - x0);
          to[3 * (y * width + x) + c] = (byte) Math.round(mix(top, bottom, sy - y0));
        }
      }
    }
    return RgbImage.of(width, height, to);
  }

  private static int at(byte[] rgb, RgbImage image, int x, int y, int channel) {
    return rgb[3 * (y * image.width() + x) + channel] & 0xff;
  }

  private static float mix(float a, float b, float share) {
    return a + (b - a) * share;
  }
}
