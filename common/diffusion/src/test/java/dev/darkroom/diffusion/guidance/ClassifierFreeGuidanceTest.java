package dev.darkroom.diffusion.guidance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.random.TorchGenerator;
import org.junit.jupiter.api.Test;

class ClassifierFreeGuidanceTest {
  @Test
  void movesAwayFromTheUnconditionalPrediction() {
    float[] guided =
        new ClassifierFreeGuidance(7.5, 0).apply(new float[] {0, 1, -1}, new float[] {1, 1, 0});
    assertArrayEquals(new float[] {7.5f, 1f, 6.5f}, guided);
  }

  @Test
  void fullRescaleHasTheDeviationOfTheConditional() {
    float[] conditional = new TorchGenerator(1).normal(400);
    float[] guided =
        new ClassifierFreeGuidance(9, 1).apply(new TorchGenerator(2).normal(400), conditional);
    assertEquals(deviation(conditional), deviation(guided), 1e-5);
  }

  @Test
  void isOffUpToOne() {
    assertEquals(false, new ClassifierFreeGuidance(1, 0).isOn());
    assertEquals(true, new ClassifierFreeGuidance(1.01, 0).isOn());
  }

  @Test
  void refusesScalesThatAreNone() {
    assertThrows(DiffusionException.class, () -> new ClassifierFreeGuidance(Double.NaN, 0));
    assertThrows(DiffusionException.class, () -> new ClassifierFreeGuidance(-1, 0));
    assertThrows(DiffusionException.class, () -> new ClassifierFreeGuidance(7, 1.1));
  }

  private static double deviation(float[] values) {
    double mean = 0;
    for (float value : values) {
      mean += value / values.length;
    }
    double squares = 0;
    for (float value : values) {
      squares += (value - mean) * (value - mean);
    }
    return Math.sqrt(squares / values.length);
  }
}
