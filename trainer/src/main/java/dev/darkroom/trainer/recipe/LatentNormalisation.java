package dev.darkroom.trainer.recipe;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.trainer.data.Dataset;
import java.util.Map;

/**
 * Gives latents mean 0 and deviation 1 in each channel by changing the 1x1 convolutions between the
 * spaces: the result is a plain autoencoder with a scaling factor of 1, and pictures decode as
 * before.
 */
final class LatentNormalisation {
  /** Enough pictures to know 8 or 16 channels well. */
  private static final int PICTURES = 512;

  private LatentNormalisation() {}

  /** Changes the parameters of {@code autoencoder} in place; measured on evenly spread pictures. */
  static void apply(AutoencoderKL autoencoder, Dataset data, NDManager manager) {
    int channels = autoencoder.config().latentChannels();
    double[] sum = new double[channels];
    double[] squares = new double[channels];
    long positions = measure(autoencoder, data, manager, sum, squares);
    double[] mean = new double[channels];
    double[] deviation = new double[channels];
    for (int c = 0; c < channels; c++) {
      mean[c] = sum[c] / positions;
      deviation[c] = Math.sqrt(Math.max(1e-12, squares[c] / positions - mean[c] * mean[c]));
    }
    fold(autoencoder.parameters(), mean, deviation);
  }

  private static long measure(
      AutoencoderKL autoencoder, Dataset data, NDManager manager, double[] sum, double[] squares) {
    long positions = 0;
    int count = Math.min(PICTURES, data.size());
    for (int i = 0; i < count; i++) {
      int index = (int) ((long) i * data.size() / count);
      try (GradMode mode = GradMode.off();
          Scope scope = Scope.open()) {
        float[] planes = data.picture(index, i % data.variants()).planes();
        NDArray x = manager.create(planes, new Shape(1, 3, data.height(), data.width()));
        float[] latent = autoencoder.encode(x).mean().toFloatArray();
        int area = latent.length / sum.length;
        for (int at = 0; at < latent.length; at++) {
          sum[at / area] += latent[at];
          squares[at / area] += (double) latent[at] * latent[at];
        }
        positions += area;
      }
    }
    return positions;
  }

  /** z' = (z - mean) / deviation on the way in, z = z' * deviation + mean on the way out. */
  private static void fold(Map<String, NDArray> parameters, double[] mean, double[] deviation) {
    int channels = mean.length;
    float[] weight = values(parameters, "quant_conv.weight");
    float[] bias = values(parameters, "quant_conv.bias");
    int in = 2 * channels;
    for (int c = 0; c < channels; c++) {
      for (int i = 0; i < in; i++) {
        weight[c * in + i] /= (float) deviation[c];
      }
      bias[c] = (float) ((bias[c] - mean[c]) / deviation[c]);
      // The second half is the logarithm of the variance.
      bias[channels + c] -= (float) (2 * Math.log(deviation[c]));
    }
    set(parameters, "quant_conv.weight", weight);
    set(parameters, "quant_conv.bias", bias);

    float[] post = values(parameters, "post_quant_conv.weight");
    float[] postBias = values(parameters, "post_quant_conv.bias");
    for (int o = 0; o < channels; o++) {
      double moved = postBias[o];
      for (int c = 0; c < channels; c++) {
        moved += post[o * channels + c] * mean[c];
        post[o * channels + c] *= (float) deviation[c];
      }
      postBias[o] = (float) moved;
    }
    set(parameters, "post_quant_conv.weight", post);
    set(parameters, "post_quant_conv.bias", postBias);
  }

  private static float[] values(Map<String, NDArray> parameters, String key) {
    return parameter(parameters, key).toFloatArray();
  }

  private static void set(Map<String, NDArray> parameters, String key, float[] values) {
    NDArray parameter = parameter(parameters, key);
    try (GradMode mode = GradMode.off()) {
      parameter.set(values);
    }
  }

  private static NDArray parameter(Map<String, NDArray> parameters, String key) {
    NDArray parameter = parameters.get(key);
    if (parameter == null) {
      throw DiffusionException.badInput(
          "normalise_latents: expected an autoencoder with use_quant_conv and use_post_quant_conv, got one without "
              + key);
    }
    return parameter;
  }
}
