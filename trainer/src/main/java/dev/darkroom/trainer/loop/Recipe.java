package dev.darkroom.trainer.loop;

import java.util.List;
import java.util.Map;

/** One way to train, as the loop sees it. */
public interface Recipe {

  /** What is trained; restored from checkpoints before the first step. */
  List<Learner> learners();

  /**
   * One optimizer step: forwards and backwards for all its samples, then the learners' updates. A
   * pure function of the learners' state and of {@code step}.
   *
   * @param step optimizer steps done before this one
   * @return numbers to report, {@code loss} among them
   */
  Map<String, Double> step(int step);

  /**
   * Looks at what the averaged weights make, and tells the listener. Changes nothing.
   *
   * @param done optimizer steps done
   * @return numbers to report
   */
  Map<String, Double> validate(int done, TrainingListener listener);
}
