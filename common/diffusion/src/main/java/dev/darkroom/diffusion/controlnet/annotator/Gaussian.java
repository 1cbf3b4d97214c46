package dev.darkroom.diffusion.controlnet.annotator;

import dev.darkroom.diffusion.image.RgbImage;

/**
 * A blur with OpenCV's kernel: out to four deviations, mirrored at the border without repeating it.
 */
final class Gaussian {
  private final float[] kernel;

  Gaussian(double sigma) {
    int size = (int) Math.rint(sigma * 8 + 1) | 1;
    double[] weights = new double[size];
    double sum = 0;
    for (int i = 0; i < size; i++) {
      double x = i - (size - 1) / 2.0;
      weights[i] = Math.exp(-x * x / (2 * sigma * sigma));
      sum += weights[i];
    }
    kernel = new float[size];
    for (int i = 0; i < size; i++) {
      kernel[i] = (float) (weights[i] / sum);
    }
  }

  /** [3][height * width], in [0, 255]. */
  float[][] blur(RgbImage picture) {
    int width = picture.width();
    int height = picture.height();
    byte[] rgb = picture.toBytes();
    float[][] planes = new float[3][width * height];
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < width * height; i++) {
        planes[c][i] = rgb[3 * i + c] & 0xff;
      }
      planes[c] = alongRows(alongRows(planes[c], width, height), height, width);
    }
    return planes;
  }

  /** Blurs each row and transposes: twice is both directions, and the picture upright again. */
  private float[] alongRows(float[] plane, int width, int height) {
    int reach = kernel.length / 2;
    float[] out = new float[plane.length];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        float sum = 0;
        for (int k = 0; k < kernel.length; k++) {
          sum += kernel[k] * plane[y * width + mirrored(x + k - reach, width)];
        }
        out[x * height + y] = sum;
      }
    }
    return out;
  }

  /** OpenCV's BORDER_REFLECT_101, of any distance. */
  private static int mirrored(int at, int size) {
    if (size == 1) {
      return 0;
    }
    int period = 2 * (size - 1);
    int within = Math.floorMod(at, period);
    return within < size ? within : period - within;
  }
}
