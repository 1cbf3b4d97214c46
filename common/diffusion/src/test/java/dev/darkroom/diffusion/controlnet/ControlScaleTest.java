package dev.darkroom.diffusion.controlnet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.darkroom.diffusion.DiffusionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ControlScaleTest {

  /** {@code 1 - float(i / n < start or (i + 1) / n > end)} of diffusers' pipelines. */
  @Test
  void actsBetweenStartAndEnd() {
    ControlScale scale = new ControlScale(0.5, 0.2, 0.8);
    assertArrayEquals(
        new double[] {0, 0.5, 0.5, 0.5, 0},
        IntStream.range(0, 5).mapToDouble(i -> scale.at(i, 5)).toArray());
    assertArrayEquals(
        new double[] {0, 0.5, 0}, IntStream.range(0, 3).mapToDouble(i -> scale.at(i, 3)).toArray());
  }

  @Test
  void refusesAnIntervalThatIsNone() {
    assertThrows(DiffusionException.class, () -> new ControlScale(1, 0.5, 0.5));
    assertThrows(DiffusionException.class, () -> new ControlScale(1, -0.1, 1));
    assertThrows(DiffusionException.class, () -> new ControlScale(1, 0, Double.NaN));
    assertThrows(DiffusionException.class, () -> new ControlScale(Double.NaN, 0, 1));
  }
}
