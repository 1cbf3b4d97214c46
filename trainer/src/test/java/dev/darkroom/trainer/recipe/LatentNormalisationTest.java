package dev.darkroom.trainer.recipe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.autoencoder.Posterior;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import org.junit.jupiter.api.Test;

class LatentNormalisationTest {

  @Test
  void latentsBecomeNormalAndPicturesStay() {
    Stripes data = new Stripes(6, 64);
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        GradMode mode = GradMode.off()) {
      AutoencoderKL autoencoder =
          AutoencoderRecipe.fromNothing(AutoencoderRecipeConfig.defaults(), manager);
      float[] pixels = new float[6 * 3 * 64 * 64];
      for (int i = 0; i < 6; i++) {
        data.picture(i, i % 2).writePlanes(pixels, i * 3 * 64 * 64);
      }
      NDArray x = manager.create(pixels, new Shape(6, 3, 64, 64));
      Posterior before = autoencoder.encode(x);
      float[] decoded = autoencoder.decode(before.mean()).toFloatArray();
      float[] noise = before.logvar().exp().sqrt().toFloatArray();
      float[] deviations = before.mean().toFloatArray();

      LatentNormalisation.apply(autoencoder, data, manager);

      Posterior after = autoencoder.encode(x);
      NDArray channels = after.mean().transpose(1, 0, 2, 3).reshape(8, -1);
      assertArrayEquals(new float[8], channels.mean(new int[] {1}).toFloatArray(), 1e-3f);
      float[] squares = channels.square().mean(new int[] {1}).toFloatArray();
      for (float square : squares) {
        assertEquals(1, square, 1e-2);
      }
      assertArrayEquals(decoded, autoencoder.decode(after.mean()).toFloatArray(), 1e-3f);

      // The posterior's width shrinks or grows with its mean.
      float[] noiseAfter = after.logvar().exp().sqrt().toFloatArray();
      float[] meansAfter = after.mean().toFloatArray();
      double scale = (deviations[1] - deviations[0]) / (meansAfter[1] - meansAfter[0]);
      assertEquals(noise[0] / noiseAfter[0], scale, 0.02 * Math.abs(scale));
    }
  }
}
