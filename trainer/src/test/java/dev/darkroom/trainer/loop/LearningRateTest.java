package dev.darkroom.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.darkroom.diffusion.DiffusionException;
import org.junit.jupiter.api.Test;

class LearningRateTest {

  @Test
  void warmsUpLinearlyAndMovesFromTheFirstStep() {
    LearningRate rate = new LearningRate(1, 4, LearningRate.Decay.CONSTANT, 100);
    assertEquals(0.25, rate.at(0));
    assertEquals(0.5, rate.at(1));
    assertEquals(1, rate.at(3));
    assertEquals(1, rate.at(4));
    assertEquals(1, rate.at(99));
  }

  @Test
  void fallsAlongHalfACosine() {
    LearningRate rate = new LearningRate(2, 10, LearningRate.Decay.COSINE, 110);
    assertEquals(2, rate.at(10));
    assertEquals(1, rate.at(60), 1e-12);
    assertEquals(0, rate.at(110), 1e-12);
    for (int step = 10; step < 110; step++) {
      assertEquals(true, rate.at(step + 1) < rate.at(step));
    }
  }

  @Test
  void refusesADecayItDoesNotKnow() {
    assertThrows(DiffusionException.class, () -> LearningRate.Decay.of("polynomial"));
  }
}
