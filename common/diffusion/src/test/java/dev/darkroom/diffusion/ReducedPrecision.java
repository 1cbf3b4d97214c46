package dev.darkroom.diffusion;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import dev.darkroom.diffusion.kernels.Processor;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;

/** What not every device computes. */
public final class ReducedPrecision {
  private ReducedPrecision() {}

  /** Reports the test as skipped where {@link TestDevice} has not got what it needs. */
  public static void assumeComputed(Execution execution) {
    assumeComputed(execution, TestDevice.get());
  }

  /** Reports the test as skipped where there is no such device, or not what it needs. */
  public static void assumeComputed(Execution execution, Device device) {
    assumeTrue(!device.isGpu() || TorchRuntime.gpus() > 0, "there is no GPU");
    boolean computed =
        switch (execution) {
          case TRAINING, INFERENCE -> true;
          case TRAINING_BFLOAT16, INFERENCE_BFLOAT16 ->
              device.isGpu() || Processor.here().computesBfloat16();
          case INFERENCE_FLOAT16 -> device.isGpu();
          case INFERENCE_INT8 -> !device.isGpu() && Processor.here().computesInt8();
        };
    assumeTrue(computed, () -> device + " has no instructions for " + execution);
  }
}
