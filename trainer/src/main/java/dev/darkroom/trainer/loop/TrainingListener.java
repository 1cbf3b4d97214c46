package dev.darkroom.trainer.loop;

import java.awt.image.BufferedImage;
import java.util.Map;

/**
 * Hears of a run while it goes on. Called from the run's own thread; slow listeners slow the run.
 */
public interface TrainingListener {

  /**
   * Numbers of the steps since the last report.
   *
   * @param step optimizer steps done
   * @param metrics for example {@code loss}, {@code learning_rate}, {@code gradient_norm}, {@code
   *     seconds_per_step}
   */
  void progress(int step, int steps, Map<String, Double> metrics);

  /** A picture of what the averaged weights make: reconstructions, or samples of prompts. */
  void samples(int step, BufferedImage grid);

  /** A checkpoint is stored: the next attempt goes on from here. */
  void checkpointed(int step);
}
