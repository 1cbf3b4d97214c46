package dev.darkroom.trainer.loop;

/**
 * What the loop needs to know of any run.
 *
 * @param steps optimizer steps in all
 * @param batchSize samples of one forward
 * @param gradientAccumulationSteps forwards of one optimizer step
 * @param seed of data order, noise, timesteps, dropout and augmentation
 * @param threads of each tensor operation; part of the run, for sums in another order have other
 *     bits
 * @param checkpointingSteps optimizer steps between two checkpoints; the end has one always
 * @param validationSteps optimizer steps between two validations
 * @param loggingSteps optimizer steps between two reports
 */
public record RunConfig(
    int steps,
    int batchSize,
    int gradientAccumulationSteps,
    long seed,
    int threads,
    int checkpointingSteps,
    int validationSteps,
    int loggingSteps) {

  public RunConfig {
    Check.range("steps", steps, 1, Check.MAX_STEPS);
    Check.range("batch_size", batchSize, 1, 4096);
    Check.range("gradient_accumulation_steps", gradientAccumulationSteps, 1, 4096);
    Check.range("threads", threads, 1, 256);
    Check.range("checkpointing_steps", checkpointingSteps, 1, Check.MAX_STEPS);
    Check.range("validation_steps", validationSteps, 1, Check.MAX_STEPS);
    Check.range("logging_steps", loggingSteps, 1, Check.MAX_STEPS);
  }

  /** Samples that one optimizer step sees. */
  public int samplesPerStep() {
    return batchSize * gradientAccumulationSteps;
  }
}
