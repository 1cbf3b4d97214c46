package dev.darkroom.diffusion.unet;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DrawnParameters;
import dev.darkroom.diffusion.ReducedPrecision;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a network of fewer bits predicts is what it predicts in float32, but for a little noise. */
class ReducedPrecisionTest {
  private static final String CONFIG =
      """
      {"in_channels": 4, "out_channels": 4, "block_out_channels": [64, 128], "layers_per_block": 1,
       "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
       "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"],
       "cross_attention_dim": 48, "attention_head_dim": 4}
      """;

  /** The least error says that the layers are not float32 after all. */
  @ParameterizedTest
  @CsvSource({
    "cpu, INFERENCE_BFLOAT16, 0.001, 0.02",
    "cpu, INFERENCE_INT8, 0.005, 0.05",
    "gpu, INFERENCE_BFLOAT16, 0.001, 0.02",
    "gpu, INFERENCE_FLOAT16, 0.0001, 0.005"
  })
  void predictsAlmostWhatFloat32Does(
      String device, Execution execution, double least, double most) {
    Device named = device.equals("gpu") ? Device.gpu() : Device.cpu();
    ReducedPrecision.assumeComputed(execution, named);
    float[] expected = predict(Device.cpu(), Execution.INFERENCE);
    float[] actual = predict(named, execution);
    double error = 0;
    double size = 0;
    for (int i = 0; i < expected.length; i++) {
      error += Math.pow(actual[i] - expected[i], 2);
      size += Math.pow(expected[i], 2);
    }
    double relative = Math.sqrt(error / size);
    assertTrue(
        least < relative && relative < most,
        "expected an error of %s to %s, got %s".formatted(least, most, relative));
  }

  private static float[] predict(Device device, Execution execution) {
    try (GradMode inference = GradMode.off();
        NDManager manager = TorchRuntime.newManager(device);
        Scope scope = Scope.open()) {
      UNet2DConditionModel unet =
          new UNet2DConditionModel(
              UNetConfig.of(ModelConfig.parse("two levels", CONFIG)),
              new DrawnParameters(manager),
              execution);
      NDArray sample = wave(manager, new Shape(2, 4, 12, 10));
      // One outlier, as texts have them.
      NDArray context = wave(manager, new Shape(2, 7, 48));
      context.set(new NDIndex("0, 0, 0"), 40f);
      return unet.forward(sample, manager.create(new long[] {3, 700}), Conditions.text(context))
          .toFloatArray();
    }
  }

  private static NDArray wave(NDManager manager, Shape shape) {
    return manager.arange((int) shape.size()).mul(0.37f).sin().mul(1.4f).reshape(shape);
  }
}
