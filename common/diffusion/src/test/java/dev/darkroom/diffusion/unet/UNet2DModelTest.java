package dev.darkroom.diffusion.unet;

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
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class UNet2DModelTest {

  private static List<String> goldens() {
    return List.of(
        "unet2d-ddpm", "unet2d-resnets", "unet2d-fourier", "unet2d-learned", "unet2d-relu");
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void predictsAsDiffusers(String name) throws IOException {
    try (Golden golden = Golden.of(name);
        GradMode inference = GradMode.off()) {
      for (Execution execution : List.of(Execution.TRAINING, Execution.INFERENCE)) {
        UNet2DModel unet = model(golden, execution);
        if (execution == Execution.TRAINING) {
          golden.assertSameKeys(unet.parameters());
        }
        golden.assertMatches(
            "y", unet.forward(golden.tensor("sample"), golden.tensor("timestep"), labels(golden)));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"unet2d-ddpm", "unet2d-resnets"})
  void hasDiffusersGradients(String name) throws IOException {
    try (Golden golden = Golden.of(name);
        GradMode recording = GradMode.on()) {
      UNet2DModel unet = model(golden, Execution.TRAINING);
      unet.requireGradients(true);
      NDArray y = unet.forward(golden.tensor("sample"), golden.tensor("timestep"), labels(golden));
      golden.assertGradients(y.square().mean(), unet.parameters());
    }
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void configSurvivesWritingAndReading(String name) {
    try (Golden golden = Golden.of(name)) {
      UNet2DConfig config = UNet2DConfig.of(golden.config());
      assertEquals(
          config, UNet2DConfig.of(ModelConfig.parse("written", config.toJson().toString())));
    }
  }

  /** diffusers' class fails there; the way up meets the sizes of the way down. */
  @Test
  void takesAnySize() {
    try (Golden golden = Golden.of("unet2d-resnets");
        GradMode inference = GradMode.off()) {
      UNet2DModel unet = model(golden, Execution.INFERENCE);
      NDArray sample = golden.manager().randomNormal(new Shape(3, 3, 7, 13));
      assertEquals(
          sample.getShape(),
          unet.forward(sample, golden.tensor("timestep"), labels(golden)).getShape());
    }
  }

  @Test
  void refusesWhatItDoesNotSupportByName() {
    assertRefused(
        "{\"down_block_types\": [\"SkipDownBlock2D\"], \"block_out_channels\": [32]}",
        "config.json: down_block_types: expected one of [DownBlock2D, AttnDownBlock2D, ResnetDownsampleBlock2D], got \"SkipDownBlock2D\"");
    assertRefused(
        "{\"class_embed_type\": \"projection\"}",
        "config.json: class_embed_type: expected one of [timestep, identity], which is what this library supports, got \"projection\"");
    assertRefused(
        "{\"time_embedding_type\": \"learned\"}",
        "UNet2DModel config: num_train_timesteps: expected a number with time_embedding_type learned, got null");
    assertRefused(
        "{\"dropout\": -0.1}",
        "UNet2DModel config: dropout: expected a number from 0 to 1, got -0.1");
    assertRefused(
        "{\"wavelets\": 3}",
        "config.json: field wavelets is not supported by this library, but is set to 3");
  }

  @Test
  void needsLabelsWhereItWasTrainedWithThem() {
    try (Golden golden = Golden.of("unet2d-ddpm");
        GradMode inference = GradMode.off()) {
      UNet2DModel unet = model(golden, Execution.INFERENCE);
      DiffusionException refused =
          assertThrows(
              DiffusionException.class,
              () -> unet.forward(golden.tensor("sample"), golden.tensor("timestep"), null));
      assertEquals("class_labels: this model needs them (TABLE), got none", refused.getMessage());
    }
  }

  @Test
  void saysWhichLabelItHasNoPlaceFor() {
    try (Golden golden = Golden.of("unet2d-ddpm");
        GradMode inference = GradMode.off()) {
      UNet2DModel unet = model(golden, Execution.INFERENCE);
      NDArray unknown = golden.manager().create(new long[] {0, 5, 1});
      NDArray two = golden.manager().create(new long[] {0, 4});
      assertEquals(
          "class_labels: expected numbers from 0 to 4, got 5",
          assertThrows(DiffusionException.class, () -> predict(golden, unet, unknown))
              .getMessage());
      assertEquals(
          "class_labels: expected (3), got (2)",
          assertThrows(DiffusionException.class, () -> predict(golden, unet, two)).getMessage());
    }
  }

  private static NDArray predict(Golden golden, UNet2DModel unet, NDArray labels) {
    return unet.forward(golden.tensor("sample"), golden.tensor("timestep"), labels);
  }

  private static void assertRefused(String config, String message) {
    DiffusionException refused =
        assertThrows(
            DiffusionException.class,
            () -> UNet2DConfig.of(ModelConfig.parse("config.json", config)));
    assertEquals(message, refused.getMessage());
  }

  private static UNet2DModel model(Golden golden, Execution execution) {
    return new UNet2DModel(UNet2DConfig.of(golden.config()), golden.parameters(), execution);
  }

  private static @Nullable NDArray labels(Golden golden) {
    return golden.has("class_labels") ? golden.tensor("class_labels") : null;
  }
}
