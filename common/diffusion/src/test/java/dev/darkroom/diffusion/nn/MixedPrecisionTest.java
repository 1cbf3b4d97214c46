package dev.darkroom.diffusion.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.ReducedPrecision;
import dev.darkroom.diffusion.kernels.Autograd;
import dev.darkroom.diffusion.kernels.GradMode;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Against PyTorch's float32: as near as 8 bits of mantissa come, and no nearer. */
class MixedPrecisionTest {
  @BeforeAll
  static void onlyWhereComputed() {
    ReducedPrecision.assumeComputed(Execution.TRAINING_BFLOAT16);
  }

  @Test
  void productsAreBfloat16ForwardAndBackwardAndTheRestIsFloat32() {
    try (Golden golden = Golden.of("resnet");
        GradMode recording = GradMode.on()) {
      Weights weights = Weights.of(golden.parameters(), Execution.TRAINING_BFLOAT16);
      ResnetBlock block =
          new ResnetBlock(
              weights, 32, 64, new ResnetBlock.Options(48, 8, 1e-5, false, 1, Activation.SILU));
      weights.parameters().values().forEach(parameter -> parameter.setRequiresGradient(true));
      NDArray x = golden.tensor("x");
      x.setRequiresGradient(true);

      NDArray y = block.forward(x, golden.tensor("time"));
      Autograd.backward(y.square().mean());

      assertRounded(golden.tensor("y"), y);
      assertRounded(golden.tensor("gradient.x"), x.getGradient());
      weights
          .parameters()
          .forEach(
              (key, parameter) -> {
                assertEquals(DataType.FLOAT32, parameter.getDataType(), key);
                assertEquals(DataType.FLOAT32, parameter.getGradient().getDataType(), key);
              });
    }
  }

  private static void assertRounded(NDArray expected, NDArray actual) {
    assertEquals(DataType.FLOAT32, actual.getDataType());
    double error = expected.sub(actual).abs().max().getFloat() / expected.abs().max().getFloat();
    assertTrue(error < 0.02, "error " + error);
    assertTrue(error > Golden.TOLERANCE, "nothing was rounded: error " + error);
  }
}
