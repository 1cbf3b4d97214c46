package dev.darkroom.diffusion.sampler;

import dev.darkroom.diffusion.schedule.SigmaSchedule;

/** Samplers that walk down a ladder of noise levels, laid out before the first call. */
abstract sealed class LevelSampler implements Sampler
    permits ConsistencyMultistep, EdmSampler, FlowSampler, SigmaSampler, SolverSampler {
  final SigmaSchedule levels;

  LevelSampler(SigmaSchedule levels) {
    this.levels = levels;
  }

  @Override
  public final int steps() {
    return levels.steps();
  }

  @Override
  public final float timestep(int step) {
    return levels.timestep(step);
  }

  @Override
  public boolean hasWholeTimesteps() {
    return false;
  }

  @Override
  public final float[] sigmas() {
    return levels.sigmas();
  }
}
