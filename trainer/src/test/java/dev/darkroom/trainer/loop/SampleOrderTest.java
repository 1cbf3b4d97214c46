package dev.darkroom.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SampleOrderTest {
  private static final int SIZE = 20;

  @Test
  void showsEverySampleOnceAnEpoch() {
    SampleOrder order = new SampleOrder(SIZE, 5);
    for (int epoch = 0; epoch < 3; epoch++) {
      assertArrayEquals(
          IntStream.range(0, SIZE).toArray(),
          Arrays.stream(epoch(order, epoch)).sorted().toArray());
    }
  }

  @Test
  void shufflesEachEpochAnew() {
    SampleOrder order = new SampleOrder(SIZE, 5);
    assertFalse(Arrays.equals(epoch(order, 0), epoch(order, 1)));
    assertFalse(Arrays.equals(epoch(order, 0), epoch(new SampleOrder(SIZE, 6), 0)));
  }

  @Test
  void doesNotDependOnWhatWasAskedBefore() {
    SampleOrder walked = new SampleOrder(SIZE, 5);
    for (int position = 0; position < 2 * SIZE; position++) {
      walked.at(position);
    }
    assertEquals(walked.at(2 * SIZE + 3), new SampleOrder(SIZE, 5).at(2 * SIZE + 3));
    assertEquals(new SampleOrder(SIZE, 5).at(1), walked.at(1));
  }

  private static int[] epoch(SampleOrder order, int epoch) {
    return IntStream.range(0, SIZE).map(i -> order.at((long) epoch * SIZE + i)).toArray();
  }
}
