package dev.darkroom.diffusion.controlnet.annotator;

import dev.darkroom.diffusion.image.RgbImage;

/** Thick strokes, white on black: what a ControlNet for scribbles was trained on. */
public final class Scribble {
  /** Differences of Gaussians below it are paper; ControlNet 1.1's default. */
  private static final int THRESHOLD = 32;

  private static final double FINE = 0.5;
  private static final double COARSE = 5;

  private Scribble() {}

  /** A drawing with dark strokes on light paper, exchanged. */
  public static RgbImage ofDrawing(RgbImage drawing) {
    byte[] rgb = drawing.toBytes();
    byte[] out = new byte[rgb.length];
    for (int i = 0; i < rgb.length; i += 3) {
      int darkest = Math.min(rgb[i] & 0xff, Math.min(rgb[i + 1] & 0xff, rgb[i + 2] & 0xff));
      if (darkest < 127) {
        out[i] = out[i + 1] = out[i + 2] = (byte) 255;
      }
    }
    return RgbImage.of(drawing.width(), drawing.height(), out);
  }

  /**
   * The strokes that one would draw over a photo: where it is darker than what surrounds it, a
   * difference of Gaussians. Winnemoeller 2011; ControlNet 1.1's {@code scribble_xdog}.
   */
  public static RgbImage ofPhoto(RgbImage photo) {
    int width = photo.width();
    int height = photo.height();
    float[][] fine = new Gaussian(FINE).blur(photo);
    float[][] coarse = new Gaussian(COARSE).blur(photo);
    byte[] out = new byte[3 * width * height];
    for (int i = 0; i < width * height; i++) {
      float least = Float.MAX_VALUE;
      for (int c = 0; c < 3; c++) {
        least = Math.min(least, coarse[c][i] - fine[c][i]);
      }
      int light = (int) Math.clamp(255 - least, 0f, 255f);
      if (2 * (255 - light) > THRESHOLD) {
        out[3 * i] = out[3 * i + 1] = out[3 * i + 2] = (byte) 255;
      }
    }
    return RgbImage.of(width, height, out);
  }
}
