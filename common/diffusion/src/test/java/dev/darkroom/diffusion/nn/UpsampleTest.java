package dev.darkroom.diffusion.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.ReducedPrecision;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** For inference a doubled map is folded into its convolution; that must not show. */
class UpsampleTest {
  private static final int CHANNELS = 32;

  private final NDManager manager = TorchRuntime.newManager(Device.cpu());
  private final GradMode inference = GradMode.off();

  @AfterEach
  void free() {
    inference.close();
    manager.close();
  }

  /** A map too small to fold, one that is folded, one that is not square, odd targets. */
  @ParameterizedTest
  @CsvSource({"4, 4, 8, 8", "16, 16, 32, 32", "17, 31, 34, 62", "16, 16, 31, 32", "16, 16, 31, 31"})
  void equalsTheConvolutionOfTheGrownMap(int height, int width, int toHeight, int toWidth) {
    NDArray x = manager.randomNormal(new Shape(2, CHANNELS, height, width));

    NDArray y = new Upsample(weights(Execution.INFERENCE), CHANNELS).forward(x, toHeight, toWidth);

    Golden.assertClose("y", plain().forward(x, toHeight, toWidth), y);
  }

  @Test
  void bfloat16IsAsNearAsItsRounding() {
    ReducedPrecision.assumeComputed(Execution.INFERENCE_BFLOAT16, Device.cpu());
    NDArray x = manager.randomNormal(new Shape(2, CHANNELS, 16, 16));
    NDArray expected = plain().forward(x);

    NDArray y = new Upsample(weights(Execution.INFERENCE_BFLOAT16), CHANNELS).forward(x);

    float error = y.sub(expected).abs().max().getFloat();
    assertTrue(error < 0.01 * expected.abs().max().getFloat(), "error " + error);
  }

  @Test
  void sizesThatWereSeenBeforeDoNotChangeABit() {
    NDArray x = manager.randomNormal(new Shape(1, CHANNELS, 16, 16));
    Upsample odd = new Upsample(weights(Execution.INFERENCE), CHANNELS);
    Upsample even = new Upsample(weights(Execution.INFERENCE), CHANNELS);
    float[] oddFirst = odd.forward(x, 31, 31).toFloatArray();
    float[] evenFirst = even.forward(x).toFloatArray();

    assertArrayEquals(evenFirst, odd.forward(x).toFloatArray());
    assertArrayEquals(oddFirst, even.forward(x, 31, 31).toFloatArray());
    assertArrayEquals(evenFirst, odd.forward(x).toFloatArray());
  }

  @ParameterizedTest
  @CsvSource({"INFERENCE", "INFERENCE_BFLOAT16"})
  void aRowAloneEqualsTheRowInABatchToTheBit(Execution execution) {
    ReducedPrecision.assumeComputed(execution, Device.cpu());
    NDArray x = manager.randomNormal(new Shape(3, CHANNELS, 16, 16));
    Upsample up = new Upsample(weights(execution), CHANNELS);

    NDArray together = up.forward(x);

    for (int i = 0; i < 3; i++) {
      NDArray alone = up.forward(x.get(i + ":" + (i + 1)));
      assertArrayEquals(together.get(i).toFloatArray(), alone.get(0).toFloatArray());
    }
  }

  @Test
  void anAdapterChangesItsRowsAsItDoesTheConvolution() {
    NDArray x = manager.randomNormal(new Shape(2, CHANNELS, 16, 16));
    LowRank change =
        new LowRank(
            manager.randomNormal(new Shape(4, CHANNELS, 3, 3)).mul(0.1),
            null,
            manager.randomNormal(new Shape(CHANNELS, 4, 1, 1)).mul(0.1),
            1,
            null);
    Weights folding = weights(Execution.INFERENCE);
    Weights whole = weights(Execution.TRAINING);

    NDArray y = adapted(folding, change, x);

    Golden.assertClose("y", adapted(whole, change, x), y);
    NDArray without = new Upsample(weights(Execution.INFERENCE), CHANNELS).forward(x);
    assertArrayEquals(without.get(0).toFloatArray(), y.get(0).toFloatArray());
  }

  /** The second row of two with the adapter, the first without. */
  private static NDArray adapted(Weights weights, LowRank change, NDArray x) {
    Upsample up = new Upsample(weights, CHANNELS);
    AdaptableLayers layers = weights.adaptable();
    return layers.run(
        Map.of(layers.attach(Map.of("conv", change)), new float[] {0, 1}), () -> up.forward(x));
  }

  private Upsample plain() {
    return new Upsample(weights(Execution.TRAINING), CHANNELS);
  }

  private Weights weights(Execution execution) {
    return Weights.of(new SeededParameters(manager, 1), execution);
  }
}
