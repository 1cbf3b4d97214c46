package dev.darkroom.diffusion.pipeline;

import java.util.Arrays;
import java.util.List;

/**
 * The latent upscaler's network as one that predicts a velocity. It answers F of the preconditioned
 * x_0 = x / (sigma^2 + 1) + sigma / sqrt(sigma^2 + 1) F (Karras et al. 2022, equation 7, for data
 * of unit variance), which is what -v says; and in one more channel a variance that nobody reads.
 */
record UpscalerVelocity(Predictor network) implements Predictor {
  static final int VARIANCE_CHANNELS = 1;

  @Override
  public List<float[]> predict(List<Row> rows, LatentShape shape) {
    return network.predict(rows, shape).stream().map(f -> velocity(f, shape)).toList();
  }

  private static float[] velocity(float[] f, LatentShape shape) {
    float[] v = Arrays.copyOf(f, shape.size());
    for (int i = 0; i < v.length; i++) {
      v[i] = -v[i];
    }
    return v;
  }

  @Override
  public Controls controls() {
    return network.controls();
  }
}
