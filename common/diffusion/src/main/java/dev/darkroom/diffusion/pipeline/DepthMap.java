package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.image.RgbImage;
import java.util.function.IntToDoubleFunction;

/** A depth picture as a network reads it. */
final class DepthMap {
  /** Of the cubic convolution that PyTorch resizes with. */
  private static final double A = -0.75;

  private DepthMap() {}

  /**
   * Brings a depth picture to the latent's size by cubic convolution (Keys 1981), and its values to
   * [-1, 1], as diffusers does with what an estimator gives.
   *
   * @return [h*w]
   */
  static float[] of(RgbImage depth, LatentShape shape) {
    int[] gray = depth.toGray();
    double[] columns = new double[depth.height() * shape.width()];
    for (int y = 0; y < depth.height(); y++) {
      for (int x = 0; x < shape.width(); x++) {
        int row = y * depth.width();
        columns[y * shape.width() + x] =
            interpolate(x, depth.width(), shape.width(), at -> gray[row + at]);
      }
    }
    double[] map = new double[shape.height() * shape.width()];
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < map.length; i++) {
      int column = i % shape.width();
      map[i] =
          interpolate(
              i / shape.width(),
              depth.height(),
              shape.height(),
              at -> columns[at * shape.width() + column]);
      least = Math.min(least, map[i]);
      most = Math.max(most, map[i]);
    }
    if (least == most) {
      throw DiffusionException.badInput("depth map: expected near and far, got one flat depth");
    }
    float[] normal = new float[map.length];
    for (int i = 0; i < map.length; i++) {
      normal[i] = (float) (2 * (map[i] - least) / (most - least) - 1);
    }
    return normal;
  }

  private static double interpolate(int place, int size, int newSize, IntToDoubleFunction values) {
    double center = (place + 0.5) * size / newSize - 0.5;
    int from = (int) Math.floor(center);
    double sum = 0;
    for (int at = from - 1; at <= from + 2; at++) {
      sum += weight(Math.abs(center - at)) * values.applyAsDouble(Math.clamp(at, 0, size - 1));
    }
    return sum;
  }

  private static double weight(double d) {
    if (d <= 1) {
      return ((A + 2) * d - (A + 3)) * d * d + 1;
    }
    return d < 2 ? ((A * d - 5 * A) * d + 8 * A) * d - 4 * A : 0;
  }
}
