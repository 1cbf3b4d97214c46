package dev.darkroom.trainer.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.Autograd;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.SeededParameters;
import dev.darkroom.trainer.loop.Learner;
import dev.darkroom.trainer.loop.OptimizerConfig;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PatchDiscriminatorTest {

  @Test
  void hasTheKeysOfItsOriginal() {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu())) {
      PatchDiscriminator discriminator = discriminator(manager);
      assertEquals(
          Set.of(
              "main.0.weight",
              "main.0.bias",
              "main.2.weight",
              "main.3.weight",
              "main.3.bias",
              "main.5.weight",
              "main.6.weight",
              "main.6.bias",
              "main.8.weight",
              "main.8.bias"),
          discriminator.parameters().keySet());
      assertEquals(
          new Shape(1, 32, 4, 4), discriminator.parameters().get("main.8.weight").getShape());
    }
  }

  @Test
  void learnsToTellStripesFromNoise() {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        GradMode mode = GradMode.on()) {
      PatchDiscriminator discriminator = discriminator(manager);
      Learner learner =
          new Learner(
              "discriminator", discriminator.parameters(), OptimizerConfig.of(2e-3), manager);
      float[] stripes = new float[2 * 3 * 32 * 32];
      for (int i = 0; i < stripes.length; i++) {
        stripes[i] = i % 4 < 2 ? 1 : -1;
      }
      NDArray real = manager.create(stripes, new Shape(2, 3, 32, 32));
      manager.getEngine().setRandomSeed(1);
      NDArray fake = manager.randomNormal(new Shape(2, 3, 32, 32));
      float before = discriminator.loss(real, fake).getFloat();
      for (int step = 0; step < 20; step++) {
        Autograd.backward(discriminator.loss(real, fake));
        learner.update(2e-3);
      }
      float after = discriminator.loss(real, fake).getFloat();
      assertTrue(after < before / 4, "loss from %f to %f".formatted(before, after));
    }
  }

  /** With g = 4 r at the last layer, the reconstruction pulls a quarter as hard. */
  @Test
  void balancesTheAdversaryByTheGradientsOfTheLastLayer() {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        GradMode mode = GradMode.on()) {
      NDArray last = manager.create(new float[] {1, 2, 3});
      last.setRequiresGradient(true);
      NDArray reconstruction = last.mul(2f).sum();
      NDArray adversarial = last.mul(8f).sum();
      float weight =
          discriminator(manager).adaptiveWeight(reconstruction, adversarial, last).getFloat();
      assertEquals(0.25f, weight, 1e-5f);
    }
  }

  private static PatchDiscriminator discriminator(NDManager manager) {
    return new PatchDiscriminator(8, 2, new SeededParameters(manager, 7));
  }
}
