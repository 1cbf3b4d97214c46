package dev.darkroom.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.Autograd;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LearnerTest {
  private static final OptimizerConfig CONFIG =
      new OptimizerConfig(0.01, LearningRate.Decay.CONSTANT, 0, 0.9, 0.99, 0.1, 1e-8, 2, 0.999);

  private final NDManager manager = TorchRuntime.newManager(Device.cpu());
  private final NDArray parameter = manager.create(new float[] {1, -2, 0.5f});
  private final NDArray slopes = manager.create(new float[] {3, -4, 0.25f});

  @AfterEach
  void free() {
    manager.close();
  }

  /** Algorithm 2 of Loshchilov and Hutter 2019, by hand and in double. */
  @Test
  void stepsAsAdamWWithClippedGradients() {
    Learner learner = learner();
    double[] weights = {1, -2, 0.5};
    double[] first = new double[3];
    double[] second = new double[3];
    double[] slope = {3, -4, 0.25};
    double norm = Math.sqrt(9 + 16 + 0.0625);
    for (int step = 1; step <= 3; step++) {
      gradients();
      assertEquals(norm, learner.update(0.01), 1e-5);
      for (int i = 0; i < 3; i++) {
        double gradient = slope[i] * 2 / (norm + 1e-6);
        weights[i] -= 0.01 * 0.1 * weights[i];
        first[i] = 0.9 * first[i] + 0.1 * gradient;
        second[i] = 0.99 * second[i] + 0.01 * gradient * gradient;
        double firstHat = first[i] / (1 - Math.pow(0.9, step));
        double secondHat = second[i] / (1 - Math.pow(0.99, step));
        weights[i] -= 0.01 * firstHat / (Math.sqrt(secondHat) + 1e-8);
      }
    }
    assertArrayEquals(
        new float[] {(float) weights[0], (float) weights[1], (float) weights[2]},
        parameter.toFloatArray(),
        1e-6f);
    assertEquals(3, learner.updates());
  }

  @Test
  void averageFollowsQuicklyAtFirst() {
    Learner learner = learner();
    float[] start = parameter.toFloatArray();
    gradients();
    learner.update(0.01);
    float[] moved = parameter.toFloatArray();
    try (Learner.Averaged averaged = learner.averaged()) {
      // Decay (1 + 0) / (10 + 0) after the first step.
      for (int i = 0; i < 3; i++) {
        assertEquals(0.1f * start[i] + 0.9f * moved[i], parameter.toFloatArray()[i], 1e-6f);
      }
    }
    assertArrayEquals(moved, parameter.toFloatArray());
  }

  @Test
  void gradientsGatherUntilTheUpdateAndAreGoneAfterIt() {
    Learner learner = learner();
    gradients();
    gradients();
    assertEquals(2 * Math.sqrt(9 + 16 + 0.0625), learner.update(0.01), 1e-5);
    gradients();
    assertEquals(Math.sqrt(9 + 16 + 0.0625), learner.update(0.01), 1e-5);
  }

  @Test
  void refusesToStepIntoNotANumber() {
    Learner learner = learner();
    float[] before = parameter.toFloatArray();
    try (GradMode mode = GradMode.on()) {
      Autograd.backward(parameter.mul(Float.NaN).sum());
    }
    DiffusionException refused = assertThrows(DiffusionException.class, () -> learner.update(0.01));
    assertTrue(refused.getMessage().contains("at step 0"), refused.getMessage());
    assertArrayEquals(before, parameter.toFloatArray());
  }

  private Learner learner() {
    return new Learner("test", Map.of("p", parameter), CONFIG, manager);
  }

  private void gradients() {
    try (GradMode mode = GradMode.on()) {
      Autograd.backward(parameter.mul(slopes).sum());
    }
  }
}
