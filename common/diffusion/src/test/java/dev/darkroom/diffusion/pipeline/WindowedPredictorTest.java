package dev.darkroom.diffusion.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.pipeline.Windows.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class WindowedPredictorTest {
  private static final LatentShape LARGE = new LatentShape(2, 11, 7);

  @Test
  void everyPlaceIsInAWindowAndTheLastEndsWithTheLatent() {
    for (Windows windows : List.of(new Windows(4, 3), new Windows(5, 1), new Windows(8, 8))) {
      int[] seen = new int[LARGE.height() * LARGE.width()];
      for (Window window : windows.over(LARGE)) {
        assertTrue(window.top() + window.height() <= LARGE.height(), window.toString());
        assertTrue(window.left() + window.width() <= LARGE.width(), window.toString());
        for (int y = 0; y < window.height(); y++) {
          for (int x = 0; x < window.width(); x++) {
            seen[(window.top() + y) * LARGE.width() + window.left() + x]++;
          }
        }
      }
      for (int i = 0; i < seen.length; i++) {
        assertTrue(seen[i] > 0, windows + " leave out " + i);
      }
    }
    assertEquals(1, new Windows(16, 8).over(LARGE).size());
  }

  @Test
  void theNetworkNeverSeesMoreThanAWindowAndAllThatTheRowReads() {
    List<LatentShape> shapes = new ArrayList<>();
    // Predicts the first of what a row reads, so that the average is that again.
    Predictor echo =
        (rows, shape) -> {
          shapes.add(shape);
          return rows.stream()
              .map(
                  row -> {
                    assertEquals(3 * shape.height() * shape.width(), row.input().length);
                    return Arrays.copyOf(row.input(), shape.size());
                  })
              .toList();
        };
    float[] input = new float[3 * 11 * 7];
    for (int i = 0; i < input.length; i++) {
      input[i] = i;
    }
    List<Row> rows =
        List.of(new Row(input, 5, new float[1]), new Row(new float[231], 5, new float[1]));
    List<float[]> predicted = new WindowedPredictor(echo, new Windows(4, 2)).predict(rows, LARGE);
    assertArrayEquals(Arrays.copyOf(input, LARGE.size()), predicted.get(0));
    assertArrayEquals(new float[LARGE.size()], predicted.get(1));
    assertEquals(5 * 3, shapes.size());
    shapes.forEach(shape -> assertEquals(new LatentShape(2, 4, 4), shape));
  }

  @Test
  void refusesWindowsThatCoverNothing() {
    for (int[] sizes : new int[][] {{0, 0}, {30, 0}, {32, 6}, {32, 32}, {32, -4}}) {
      assertThrows(
          DiffusionException.class,
          () -> Windows.ofPixels(sizes[0], sizes[1], 4),
          Arrays.toString(sizes));
    }
  }
}
