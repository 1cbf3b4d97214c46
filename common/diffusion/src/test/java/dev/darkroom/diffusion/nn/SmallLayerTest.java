package dev.darkroom.diffusion.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** For inference a small layer over a small map is a matrix; that must not show. */
class SmallLayerTest {
  private static final int IN = 32;
  private static final int OUT = 48;
  private static final int SMALL = 5;

  /** From here on the layer is oneDNN's. */
  private static final int LARGE = 32;

  private final NDManager manager = TorchRuntime.newManager(Device.cpu());
  private final GradMode inference = GradMode.off();

  @AfterEach
  void free() {
    inference.close();
    manager.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, SMALL, LARGE})
  void equalsTheConvolutionAtEverySize(int side) {
    NDArray x = map(2, side);

    NDArray y = layer(weights(Execution.INFERENCE)).forward(x);

    Golden.assertClose("y", layer(weights(Execution.TRAINING)).forward(x), y);
  }

  @Test
  void sizesThatWereSeenBeforeDoNotChangeABit() {
    NDArray small = map(1, SMALL);
    NDArray large = map(1, LARGE);
    Convolution layer = layer(weights(Execution.INFERENCE));
    Convolution other = layer(weights(Execution.INFERENCE));
    float[] smallFirst = layer.forward(small).toFloatArray();
    float[] largeFirst = other.forward(large).toFloatArray();

    assertArrayEquals(largeFirst, layer.forward(large).toFloatArray());
    assertArrayEquals(smallFirst, other.forward(small).toFloatArray());
    assertArrayEquals(smallFirst, layer.forward(small).toFloatArray());
  }

  @Test
  void aRowAloneEqualsTheRowInABatchToTheBit() {
    NDArray x = map(3, SMALL);
    Convolution layer = layer(weights(Execution.INFERENCE));

    NDArray together = layer.forward(x);

    for (int i = 0; i < 3; i++) {
      NDArray alone = layer.forward(x.get(i + ":" + (i + 1)));
      assertArrayEquals(together.get(i).toFloatArray(), alone.get(0).toFloatArray());
    }
  }

  @Test
  void anAdapterChangesItsRowsAlone() {
    NDArray x = map(2, SMALL);
    LowRank change =
        new LowRank(
            manager.randomNormal(new Shape(4, IN, 1, 1)).mul(0.1),
            null,
            manager.randomNormal(new Shape(OUT, 4, 1, 1)).mul(0.1),
            1);

    NDArray y = adapted(weights(Execution.INFERENCE), change, x);

    Golden.assertClose("y", adapted(weights(Execution.TRAINING), change, x), y);
    NDArray without = layer(weights(Execution.INFERENCE)).forward(x);
    assertArrayEquals(without.get(0).toFloatArray(), y.get(0).toFloatArray());
  }

  /** The second row of two with the adapter, the first without. */
  private static NDArray adapted(Weights weights, LowRank change, NDArray x) {
    Convolution layer = layer(weights);
    AdaptableLayers layers = weights.adaptable();
    return layers.run(
        Map.of(layers.attach(Map.of("conv", change)), new float[] {0, 1}), () -> layer.forward(x));
  }

  private NDArray map(int rows, int side) {
    return manager.randomNormal(new Shape(rows, IN, side, side));
  }

  private static Convolution layer(Weights weights) {
    return new Convolution(weights.at("conv"), IN, OUT, 1);
  }

  private Weights weights(Execution execution) {
    return Weights.of(new SeededParameters(manager, 1), execution);
  }
}
