package dev.darkroom.trainer.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TimestepsTest {
  private static final int DRAWS = 100_000;

  @Test
  void withoutAShiftAllTimesAreDrawnAlike() {
    assertEquals(0.25, shareBelow(250, 1), 0.01);
    assertEquals(0.75, shareBelow(750, 1), 0.01);
  }

  @Test
  void aShiftMovesTheMiddleToWhereTheFormulaPutsIt() {
    assertEquals(0.5, shareBelow(750, 3), 0.01); // 3 * 0.5 / (1 + 2 * 0.5)
    assertEquals(0.5, shareBelow(250, 1 / 3.0), 0.01);
  }

  @Test
  void everyTimeIsOneOfTheSchedule() {
    for (double shift : new double[] {0.01, 1, 2.5, 100}) {
      assertTrue(draws(10, shift).allMatch(time -> time >= 0 && time < 10));
      assertTrue(draws(2, shift).anyMatch(time -> time == 0));
      assertTrue(draws(2, shift).anyMatch(time -> time == 1));
    }
  }

  private static double shareBelow(int time, double shift) {
    return draws(1000, shift).filter(drawn -> drawn < time).count() / (double) DRAWS;
  }

  private static IntStream draws(int count, double shift) {
    SplittableRandom random = new SplittableRandom(7);
    Timesteps timesteps = new Timesteps(count, shift);
    return IntStream.range(0, DRAWS).map(at -> timesteps.draw(random));
  }
}
