package dev.darkroom.diffusion;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.darkroom.diffusion.kernels.Processor;
import dev.darkroom.diffusion.nn.Execution;

/** What not every processor computes. */
public final class ReducedPrecision {
  private ReducedPrecision() {}

  /** Reports the test as skipped on a processor that has not got what {@code execution} needs. */
  public static void assumeComputed(Execution execution) {
    boolean computed =
        switch (execution) {
          case TRAINING, INFERENCE -> true;
          case TRAINING_BFLOAT16 -> Processor.here().computesBfloat16();
          case INFERENCE_BFLOAT16 -> Processor.here().computesBfloat16();
          case INFERENCE_INT8 -> Processor.here().computesInt8();
        };
    assumeTrue(computed, () -> "this processor has no instructions for " + execution);
  }
}
