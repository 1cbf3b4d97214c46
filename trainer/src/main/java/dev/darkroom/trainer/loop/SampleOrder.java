package dev.darkroom.trainer.loop;

import dev.darkroom.trainer.data.Draw;
import java.util.SplittableRandom;

/**
 * The order in which a run sees its samples: every epoch is a shuffle of its own, a function of
 * (seed, epoch). A position counts samples from the start of the run.
 */
public final class SampleOrder {
  private final int size;
  private final long seed;
  private long epoch = -1;
  private int[] order = {};

  public SampleOrder(int size, long seed) {
    this.size = size;
    this.seed = seed;
  }

  /** Which sample stands at {@code position}. */
  public int at(long position) {
    long wanted = position / size;
    if (wanted != epoch) {
      order = shuffled(wanted);
      epoch = wanted;
    }
    return order[(int) (position % size)];
  }

  /** Fisher and Yates. */
  private int[] shuffled(long epoch) {
    int[] shuffled = new int[size];
    SplittableRandom random = new Draw(seed, epoch, 0).random(Draw.Purpose.ORDER);
    for (int i = 0; i < size; i++) {
      int j = random.nextInt(i + 1);
      shuffled[i] = shuffled[j];
      shuffled[j] = i;
    }
    return shuffled;
  }
}
