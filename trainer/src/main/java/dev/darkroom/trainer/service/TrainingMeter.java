package dev.darkroom.trainer.service;

import java.util.concurrent.atomic.AtomicLong;

/** What a trainer has done since it started, for whoever watches it. */
public final class TrainingMeter {
  private final AtomicLong steps = new AtomicLong();
  private final AtomicLong checkpoints = new AtomicLong();
  private volatile double secondsPerStep;
  private volatile double loss;

  void stepped(int count) {
    steps.addAndGet(count);
  }

  void checkpointed() {
    checkpoints.incrementAndGet();
  }

  void measured(String name, double value) {
    if (name.equals("seconds_per_step")) {
      secondsPerStep = value;
    } else if (name.equals("loss")) {
      loss = value;
    }
  }

  /** Optimizer steps done. */
  public long steps() {
    return steps.get();
  }

  /** Checkpoints stored. */
  public long checkpoints() {
    return checkpoints.get();
  }

  /** Of the job that reported last. */
  public double secondsPerStep() {
    return secondsPerStep;
  }

  /** Of the job that reported last. */
  public double loss() {
    return loss;
  }
}
