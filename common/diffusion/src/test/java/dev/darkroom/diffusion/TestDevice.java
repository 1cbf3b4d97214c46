package dev.darkroom.diffusion;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.util.Objects;

/**
 * What the tests of numbers run on: {@code DARKROOM_TEST_DEVICE}, default {@code cpu}. On a GPU
 * they also want {@code NVIDIA_TF32_OVERRIDE=0}, without which convolutions round to 10 bits there.
 */
public final class TestDevice {
  private TestDevice() {}

  /** Reports a test of bits as skipped on a GPU, whose kernels depend on the size of a batch. */
  public static void assumeCpu() {
    assumeTrue(!get().isGpu(), "a GPU answers in other last bits for another batch");
  }

  public static Device get() {
    return TorchRuntime.device(
        Objects.requireNonNullElse(System.getenv("DARKROOM_TEST_DEVICE"), "cpu"));
  }
}
