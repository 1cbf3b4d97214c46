package dev.darkroom.trainer.loop;

/** Asked before every step; where it says yes, the run saves a checkpoint and ends early. */
@FunctionalInterface
public interface StopSignal {
  StopSignal NEVER = () -> false;

  boolean stopRequested();
}
