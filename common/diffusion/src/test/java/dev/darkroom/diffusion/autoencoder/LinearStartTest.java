package dev.darkroom.diffusion.autoencoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Initialisation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinearStartTest {
  private static final Initialisation USUAL = new Initialisation.Constant(7);

  @ParameterizedTest
  @CsvSource({
    "encoder.down_blocks.1.resnets.0.conv_shortcut.weight, 48, 16, 1",
    "encoder.down_blocks.1.downsamplers.0.conv.weight, 48, 48, 3",
    "quant_conv.weight, 16, 16, 1",
    "post_quant_conv.weight, 8, 8, 1",
    "decoder.up_blocks.3.resnets.0.conv_shortcut.weight, 16, 48, 1"
  })
  void theTrunkNeitherSwellsNorShrinksWhatPasses(String key, long out, long in, long kernel) {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        Scope scope = Scope.open()) {
      NDArray weight = taken(manager, key, new Shape(out, in, kernel, kernel));
      assertOrthonormal(weight.reshape(out, -1), manager);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "encoder.conv_in.weight, 16, 3",
    "decoder.conv_in.weight, 128, 8",
    "decoder.up_blocks.1.upsamplers.0.conv.weight, 96, 96"
  })
  void aConvolutionStartsNearARotationOfEachPixel(String key, long out, long in) {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        Scope scope = Scope.open()) {
      NDArray weight = taken(manager, key, new Shape(out, in, 3, 3));
      assertOrthonormal(weight.get(new NDIndex(":, :, 1, 1")), manager);
      float largest = weight.get(new NDIndex(":, :, 0, :")).abs().max().getFloat();
      assertTrue(largest > 0 && largest < 0.15, "noise around the middle: " + largest);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "encoder.down_blocks.0.resnets.0.conv2.weight",
    "decoder.mid_block.resnets.1.conv2.bias",
    "decoder.mid_block.attentions.0.to_out.0.weight",
    "encoder.down_blocks.1.downsamplers.0.conv.bias"
  })
  void aResidualBranchStartsAtZero(String key) {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        Scope scope = Scope.open()) {
      assertEquals(0, taken(manager, key, new Shape(4)).abs().max().getFloat());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "encoder.down_blocks.0.resnets.0.conv1.weight",
    "encoder.conv_norm_out.weight",
    "decoder.conv_out.bias",
    "decoder.mid_block.attentions.0.to_q.weight"
  })
  void whatIsNeitherTrunkNorBranchEndStartsAsUsual(String key) {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        Scope scope = Scope.open()) {
      assertEquals(7, taken(manager, key, new Shape(4)).min().getFloat());
    }
  }

  @Test
  void thePosteriorStartsNarrow() {
    try (NDManager manager = TorchRuntime.newManager(Device.cpu());
        Scope scope = Scope.open()) {
      assertArrayEquals(
          new float[] {0, 0, -6, -6},
          taken(manager, "quant_conv.bias", new Shape(4)).toFloatArray());
    }
  }

  private static NDArray taken(NDManager manager, String key, Shape shape) {
    return new LinearStart(manager, 1).take(key, shape, USUAL);
  }

  private static void assertOrthonormal(NDArray matrix, NDManager manager) {
    NDArray rows =
        matrix.getShape().get(0) > matrix.getShape().get(1) ? matrix.transpose() : matrix;
    NDArray off = rows.matMul(rows.transpose()).sub(manager.eye((int) rows.getShape().get(0)));
    assertEquals(0, off.abs().max().getFloat(), 1e-5);
  }
}
