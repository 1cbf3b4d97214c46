package dev.darkroom.trainer.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DrawTest {

  @Test
  void equalPlacesDrawEqualValues() {
    assertEquals(
        new Draw(7, 3, 9).random(Draw.Purpose.CROP).nextLong(),
        new Draw(7, 3, 9).random(Draw.Purpose.CROP).nextLong());
  }

  @Test
  void neighbouringSeedsStepsSamplesAndPurposesAllDiffer() {
    Set<Long> seen = new HashSet<>();
    int drawn = 0;
    for (long seed = 0; seed < 10; seed++) {
      for (long step = 0; step < 10; step++) {
        for (long sample = 0; sample < 10; sample++) {
          for (Draw.Purpose purpose : Draw.Purpose.values()) {
            seen.add(new Draw(seed, step, sample).random(purpose).nextLong());
            drawn++;
          }
        }
      }
    }
    assertEquals(drawn, seen.size());
  }

  @Test
  void uniformValuesAreUniformAcrossSteps() {
    double sum = 0;
    for (long step = 0; step < 10_000; step++) {
      sum += new Draw(1, step, 0).random(Draw.Purpose.TIMESTEP).nextDouble();
    }
    assertTrue(Math.abs(sum / 10_000 - 0.5) < 0.02, "mean " + sum / 10_000);
  }
}
