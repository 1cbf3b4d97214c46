package dev.darkroom.diffusion.autoencoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.nn.Execution;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class VQModelTest {

  @ParameterizedTest
  @EnumSource(names = {"TRAINING", "INFERENCE"})
  void encodesQuantisesAndDecodesAsDiffusers(Execution execution) throws IOException {
    try (Golden golden = Golden.of("vq");
        GradMode inference = GradMode.off()) {
      VQModel model = new VQModel(VQConfig.of(golden.config()), golden.parameters(), execution);

      golden.assertMatches("latents", model.encode(golden.tensor("image")));
      NDArray indices = model.quantise(golden.tensor("latents"));
      assertArrayEquals(golden.tensor("indices").toLongArray(), indices.toLongArray());
      golden.assertMatches("quantised", model.lookup(indices));
      golden.assertMatches("decoded", model.decode(golden.tensor("latents")));
    }
  }

  @Test
  void hasDiffusersKeys() throws IOException {
    try (Golden golden = Golden.of("vq")) {
      VQConfig config = VQConfig.of(golden.config());
      VQModel model = new VQModel(config, golden.parameters(), Execution.TRAINING);
      golden.assertSameKeys(model.parameters());
      assertEquals(config, VQConfig.of(ModelConfig.parse("written", config.toJson().toString())));
    }
  }

  @Test
  void refusesSpatialNormsByName() {
    DiffusionException refused =
        assertThrows(
            DiffusionException.class,
            () -> VQConfig.of(ModelConfig.parse("config.json", "{\"norm_type\": \"spatial\"}")));
    assertEquals(
        "config.json: norm_type: expected one of [group], which is what this library supports, got \"spatial\"",
        refused.getMessage());
  }
}
