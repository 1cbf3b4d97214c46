package dev.darkroom.diffusion.autoencoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.nn.Execution;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AutoencoderTinyTest {

  @ParameterizedTest
  @CsvSource({"tiny,TRAINING", "tiny,INFERENCE", "tiny-mish,TRAINING", "tiny-mish,INFERENCE"})
  void encodesAndDecodesAsDiffusers(String name, Execution execution) throws IOException {
    try (Golden golden = Golden.of(name);
        GradMode inference = GradMode.off()) {
      AutoencoderTiny model =
          new AutoencoderTiny(TinyConfig.of(golden.config()), golden.parameters(), execution);

      golden.assertMatches("encoded", model.encode(golden.tensor("image")));
      golden.assertMatches("decoded", model.decode(golden.tensor("z")));
    }
  }

  @Test
  void hasDiffusersKeysAndGradients() throws IOException {
    try (Golden golden = Golden.of("tiny");
        GradMode recording = GradMode.on()) {
      TinyConfig config = TinyConfig.of(golden.config());
      AutoencoderTiny model = new AutoencoderTiny(config, golden.parameters(), Execution.TRAINING);
      golden.assertSameKeys(model.parameters());
      model.requireGradients(true);

      NDArray encoded = model.encode(golden.tensor("image")).square().mean();
      NDArray decoded = model.decode(golden.tensor("z")).square().mean();

      golden.assertGradients(encoded.add(decoded), model.parameters());
      assertEquals(config, TinyConfig.of(ModelConfig.parse("written", config.toJson().toString())));
    }
  }

  @Test
  void configSurvivesWritingAndReading() {
    try (Golden golden = Golden.of("tiny-mish")) {
      TinyConfig config = TinyConfig.of(golden.config());
      assertEquals(config, TinyConfig.of(ModelConfig.parse("written", config.toJson().toString())));
    }
  }

  @Test
  void saysWhichSizeItExpected() {
    try (Golden golden = Golden.of("tiny")) {
      AutoencoderTiny model =
          new AutoencoderTiny(
              TinyConfig.of(golden.config()), golden.parameters(), Execution.INFERENCE);
      NDArray odd = golden.manager().zeros(new Shape(1, 3, 10, 8));
      DiffusionException refused = assertThrows(DiffusionException.class, () -> model.encode(odd));
      assertEquals(
          "image: expected height and width in multiples of 4, got (1, 3, 10, 8)",
          refused.getMessage());
    }
  }
}
