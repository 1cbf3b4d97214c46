package dev.darkroom.diffusion.autoencoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.TestDevice;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.nn.Execution;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class AutoencoderKLTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "autoencoder",
        "autoencoder-attention-levels",
        "autoencoder-bare",
        "autoencoder-gelu"
      })
  void encodesAndDecodesAsDiffusers(String name) throws IOException {
    try (Golden golden = Golden.of(name);
        GradMode inference = GradMode.off()) {
      AutoencoderConfig config = AutoencoderConfig.of(golden.config());
      AutoencoderKL autoencoder =
          new AutoencoderKL(config, golden.parameters(), Execution.TRAINING);
      golden.assertSameKeys(autoencoder.parameters());

      Posterior posterior = autoencoder.encode(golden.tensor("image"));

      golden.assertMatches("mean", posterior.mean());
      golden.assertMatches("logvar", posterior.logvar());
      golden.assertMatches("decoded", autoencoder.decode(golden.tensor("z")));

      AutoencoderKL packed = new AutoencoderKL(config, golden.parameters(), Execution.INFERENCE);
      golden.assertMatches("mean", packed.encode(golden.tensor("image")).mean());
      golden.assertMatches("decoded", packed.decode(golden.tensor("z")));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TRAINING", "INFERENCE"})
  void tilesHaveDiffusersSeams(Execution execution) {
    try (Golden golden = Golden.of("autoencoder-tiled");
        GradMode inference = GradMode.off()) {
      AutoencoderConfig config = AutoencoderConfig.of(golden.config());
      AutoencoderKL autoencoder = new AutoencoderKL(config, golden.parameters(), execution);
      Tiling tiling = Tiling.of(config);

      Posterior posterior = autoencoder.encode(golden.tensor("image"), tiling);

      golden.assertMatches("mean", posterior.mean());
      golden.assertMatches("logvar", posterior.logvar());
      golden.assertMatches("decoded", autoencoder.decode(golden.tensor("z"), tiling));
    }
  }

  /** A batch in slices is the batch, to the bit, where no row is larger than a tile. */
  @Test
  void slicesChangeNothing() {
    TestDevice.assumeCpu();
    try (Golden golden = Golden.of("autoencoder");
        GradMode inference = GradMode.off()) {
      AutoencoderConfig config = AutoencoderConfig.of(golden.config());
      AutoencoderKL autoencoder =
          new AutoencoderKL(config, golden.parameters(), Execution.INFERENCE);
      NDArray z = golden.tensor("z");
      assertEquals(autoencoder.decode(z), autoencoder.decode(z, new Tiling(64, 16, 0.25)));
    }
  }

  @Test
  void refusesTilesThatAreNone() {
    try (Golden golden = Golden.of("autoencoder")) {
      AutoencoderConfig config = AutoencoderConfig.of(golden.config());
      assertThrows(DiffusionException.class, () -> Tiling.of(config, 30));
      assertThrows(DiffusionException.class, () -> Tiling.of(config, 0));
      assertThrows(DiffusionException.class, () -> new Tiling(32, 8, 1));
      assertThrows(DiffusionException.class, () -> new Tiling(32, 8, Double.NaN));
    }
  }

  @Test
  void hasDiffusersGradients() throws IOException {
    try (Golden golden = Golden.of("autoencoder");
        GradMode recording = GradMode.on()) {
      AutoencoderKL autoencoder =
          new AutoencoderKL(
              AutoencoderConfig.of(golden.config()), golden.parameters(), Execution.TRAINING);
      autoencoder.requireGradients(true);

      Posterior posterior = autoencoder.encode(golden.tensor("image"));
      NDArray reconstruction = autoencoder.decode(posterior.mean());
      NDArray loss = reconstruction.square().mean().add(posterior.logvar().square().mean());

      golden.assertGradients(loss, autoencoder.parameters());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"autoencoder-bare", "autoencoder-gelu"})
  void configSurvivesWritingAndReading(String name) {
    try (Golden golden = Golden.of(name)) {
      AutoencoderConfig config = AutoencoderConfig.of(golden.config());
      assertEquals(
          config, AutoencoderConfig.of(ModelConfig.parse("written", config.toJson().toString())));
    }
  }

  @Test
  void refusesAFieldItDoesNotSupportByName() {
    DiffusionException refused =
        assertThrows(
            DiffusionException.class,
            () -> AutoencoderConfig.of(ModelConfig.parse("config.json", "{\"act_fn\": \"tanh\"}")));
    assertEquals(
        "config.json: act_fn: expected one of [silu, swish, gelu, mish, relu], which is what this library supports, got \"tanh\"",
        refused.getMessage());
  }

  @Test
  void saysWhichShapeItExpected() {
    try (Golden golden = Golden.of("autoencoder")) {
      AutoencoderKL autoencoder =
          new AutoencoderKL(
              AutoencoderConfig.of(golden.config()), golden.parameters(), Execution.TRAINING);
      NDArray wrong = golden.manager().zeros(new Shape(1, 3, 4, 4));
      DiffusionException refused =
          assertThrows(DiffusionException.class, () -> autoencoder.decode(wrong));
      assertEquals("latent: expected [N,4,H,W], got (1, 3, 4, 4)", refused.getMessage());
      NDArray odd = golden.manager().zeros(new Shape(1, 3, 18, 16));
      assertThrows(DiffusionException.class, () -> autoencoder.encode(odd));
    }
  }
}
