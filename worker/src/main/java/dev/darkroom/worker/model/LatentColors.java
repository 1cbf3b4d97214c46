package dev.darkroom.worker.model;

import dev.darkroom.diffusion.random.TorchGenerator;
import dev.darkroom.worker.engine.LatentShape;

/**
 * Guesses the colour of a latent pixel from its channels alone: for previews, where the autoencoder
 * would be too dear. The guess is linear, and fitted to what the model's own decoder makes of some
 * latents.
 */
final class LatentColors {
  /** Keeps the fit sane where channels do not vary; in squared latent units. */
  private static final double RIDGE = 1e-3;

  /** Side of the latent that the fit looks at, and of the patches of equal values in it. */
  private static final int PROBE = 24;

  private static final int PATCH = 2;

  private final int channels;

  /** One row of {@code channels + 1} for each of red, green and blue; the last is the constant. */
  private final double[][] weights;

  private LatentColors(int channels, double[][] weights) {
    this.channels = channels;
    this.weights = weights;
  }

  /** Makes the planes [3, height * factor, width * factor] of a latent. */
  interface Decoder {
    float[] decode(LatentShape shape, float[] latent);
  }

  /**
   * Fits to what a decoder makes of patches of noise, each as large as the smallest thing it can
   * show.
   */
  static LatentColors fit(int channels, int factor, Decoder decoder) {
    LatentShape shape = new LatentShape(channels, PROBE, PROBE);
    float[] patches = new TorchGenerator(0).normal(channels * PROBE * PROBE / (PATCH * PATCH));
    float[] latent = new float[channels * PROBE * PROBE];
    for (int i = 0; i < latent.length; i++) {
      int c = i / (PROBE * PROBE);
      int y = i / PROBE % PROBE / PATCH;
      int x = i % PROBE / PATCH;
      latent[i] = patches[(c * PROBE / PATCH + y) * (PROBE / PATCH) + x];
    }
    return fit(latent, decoder.decode(shape, latent), channels, PROBE, PROBE, factor);
  }

  /**
   * Least squares over all latent pixels.
   *
   * @param latent [channels, height, width], as the denoiser sees it
   * @param image [3, height * factor, width * factor] in [-1, 1], what the decoder made of it
   */
  static LatentColors fit(
      float[] latent, float[] image, int channels, int height, int width, int factor) {
    int area = height * width;
    double[][] gram = new double[channels + 1][channels + 1];
    double[][] sums = new double[3][channels + 1];
    double[] x = new double[channels + 1];
    for (int p = 0; p < area; p++) {
      for (int c = 0; c < channels; c++) {
        x[c] = latent[c * area + p];
      }
      x[channels] = 1;
      for (int c = 0; c <= channels; c++) {
        for (int d = 0; d <= channels; d++) {
          gram[c][d] += x[c] * x[d];
        }
        for (int rgb = 0; rgb < 3; rgb++) {
          sums[rgb][c] += x[c] * cellMean(image, rgb, p / width, p % width, height, width, factor);
        }
      }
    }
    for (int c = 0; c < channels; c++) {
      gram[c][c] += RIDGE * area;
    }
    double[][] weights = new double[3][];
    for (int rgb = 0; rgb < 3; rgb++) {
      weights[rgb] = solve(gram, sums[rgb]);
    }
    return new LatentColors(channels, weights);
  }

  /**
   * @param latent [channels, height, width]
   * @return [height, width, 3], a byte a colour
   */
  byte[] paint(float[] latent, int height, int width) {
    int area = height * width;
    if (latent.length != channels * area) {
      throw new IllegalArgumentException(
          "latent: expected [%d,%d,%d], got %d values"
              .formatted(channels, height, width, latent.length));
    }
    byte[] rgb = new byte[3 * area];
    for (int p = 0; p < area; p++) {
      for (int color = 0; color < 3; color++) {
        double value = weights[color][channels];
        for (int c = 0; c < channels; c++) {
          value += weights[color][c] * latent[c * area + p];
        }
        rgb[3 * p + color] = (byte) Math.round(Math.clamp((value + 1) * 127.5, 0, 255));
      }
    }
    return rgb;
  }

  private static double cellMean(
      float[] image, int rgb, int y, int x, int height, int width, int factor) {
    int imageWidth = width * factor;
    int plane = rgb * height * factor * imageWidth;
    double sum = 0;
    for (int dy = 0; dy < factor; dy++) {
      int row = plane + (y * factor + dy) * imageWidth + x * factor;
      for (int dx = 0; dx < factor; dx++) {
        sum += image[row + dx];
      }
    }
    return sum / (factor * factor);
  }

  /** Gaussian elimination with row exchange; {@code a} is left as it was. */
  private static double[] solve(double[][] a, double[] b) {
    int n = b.length;
    double[][] m = new double[n][];
    for (int i = 0; i < n; i++) {
      m[i] = java.util.Arrays.copyOf(a[i], n + 1);
      m[i][n] = b[i];
    }
    for (int i = 0; i < n; i++) {
      int pivot = i;
      for (int r = i + 1; r < n; r++) {
        if (Math.abs(m[r][i]) > Math.abs(m[pivot][i])) {
          pivot = r;
        }
      }
      double[] swap = m[i];
      m[i] = m[pivot];
      m[pivot] = swap;
      for (int r = i + 1; r < n; r++) {
        double factor = m[r][i] / m[i][i];
        for (int c = i; c <= n; c++) {
          m[r][c] -= factor * m[i][c];
        }
      }
    }
    double[] x = new double[n];
    for (int i = n - 1; i >= 0; i--) {
      double value = m[i][n];
      for (int c = i + 1; c < n; c++) {
        value -= m[i][c] * x[c];
      }
      x[i] = value / m[i][i];
    }
    return x;
  }
}
