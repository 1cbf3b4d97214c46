package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.kernels.GradMode;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class ResnetBlockTest {

  @Test
  void equalsDiffusersForwardAndBackward() throws IOException {
    try (Golden golden = Golden.of("resnet");
        GradMode recording = GradMode.on()) {
      Weights weights = Weights.of(golden.parameters(), Execution.TRAINING);
      ResnetBlock block =
          new ResnetBlock(
              weights, 32, 64, new ResnetBlock.Options(48, 8, 1e-5, false, 1, Activation.SILU));
      golden.assertSameKeys(weights.parameters());
      weights.parameters().values().forEach(parameter -> parameter.setRequiresGradient(true));
      NDArray x = golden.tensor("x");
      x.setRequiresGradient(true);

      NDArray y = block.forward(x, golden.tensor("time"));

      golden.assertMatches("y", y);
      golden.assertGradients(y.square().mean(), weights.parameters());
      golden.assertMatches("gradient.x", x.getGradient());
    }
  }
}
