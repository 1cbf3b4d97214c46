package dev.darkroom.diffusion.controlnet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.GoldenConditions;
import dev.darkroom.diffusion.ReducedPrecision;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.SeededParameters;
import dev.darkroom.diffusion.unet.Conditions;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ControlNetModelTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "controlnet-sd1",
        "controlnet-sd2",
        "controlnet-sdxl",
        "controlnet-pooled",
        "controlnet-relu",
        "controlnet-idle-layers"
      })
  void answersAsDiffusers(String name) throws IOException {
    try (Golden golden = Golden.of(name);
        GradMode inference = GradMode.off()) {
      for (Execution execution : List.of(Execution.TRAINING, Execution.INFERENCE)) {
        ControlNetModel model =
            new ControlNetModel(
                ControlNetConfig.of(golden.config()), golden.parameters(), execution);
        if (execution == Execution.TRAINING) {
          golden.assertSameKeys(model.parameters());
        }
        Conditions.Residuals full = residuals(golden, model);
        double[] rows = {0.7, 0.7};
        assertMatches(golden, "", model.scaled(full, rows, false));
        assertMatches(golden, "guess.", model.scaled(full, new double[] {1.3, 1.3}, true));
      }
    }
  }

  @Test
  void eachRowHasItsOwnScale() {
    try (Golden golden = Golden.of("controlnet-sd1");
        GradMode inference = GradMode.off()) {
      ControlNetModel model = model(golden, Execution.INFERENCE);
      Conditions.Residuals full = residuals(golden, model);
      Conditions.Residuals scaled = model.scaled(full, new double[] {0, 2}, false);
      Conditions.Residuals both = scaled.plus(full);
      assertEquals(0, scaled.mid().get(0).abs().max().getFloat());
      assertEquals(scaled.mid().get(1), full.mid().get(1).mul(2));
      assertEquals(both.down().get(3).get(0), full.down().get(3).get(0));
      assertEquals(both.mid().get(1), scaled.mid().get(1).add(full.mid().get(1)));
    }
  }

  /** The bit test of the paper's zero convolutions. */
  @ParameterizedTest
  @EnumSource
  void anUntrainedOneChangesNothing(Execution execution) {
    ReducedPrecision.assumeComputed(execution);
    try (Golden golden = Golden.of("unet-sd1");
        GradMode inference = GradMode.off()) {
      UNet2DConditionModel unet =
          new UNet2DConditionModel(UNetConfig.of(golden.config()), golden.parameters(), execution);
      ControlNetModel control =
          new ControlNetModel(
              ControlNetConfig.of(unet.config()),
              new SeededParameters(golden.manager(), 3),
              execution);
      NDArray sample = golden.tensor("sample");
      NDArray timestep = golden.tensor("timestep");
      Conditions text = Conditions.text(golden.tensor("encoder_hidden_states"));
      NDArray picture = golden.manager().randomUniform(0, 1, new Shape(3, 3, 64, 96));

      Conditions.Residuals residuals =
          control.forward(sample, timestep, text, control.hint(picture));

      assertEquals(
          unet.forward(sample, timestep, text),
          unet.forward(sample, timestep, text.withResiduals(residuals)));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "controlnet-sd1",
        "controlnet-sdxl",
        "controlnet-pooled",
        "controlnet-relu",
        "controlnet-idle-layers"
      })
  void configSurvivesWritingAndReading(String name) {
    try (Golden golden = Golden.of(name)) {
      ControlNetConfig config = ControlNetConfig.of(golden.config());
      assertEquals(
          config, ControlNetConfig.of(ModelConfig.parse("written", config.toJson().toString())));
    }
  }

  @Test
  void refusesWhatItDoesNotSupportByName() {
    assertRefused(
        "{\"encoder_hid_dim\": 4, \"encoder_hid_dim_type\": \"image_proj\"}",
        "ControlNetModel config: encoder_hid_dim_type: expected text_proj or text_image_proj, got image_proj");
    assertRefused(
        "{\"attention_type\": \"gated\"}",
        "ControlNetModel config: attention_type: expected default, got one that looks at objects");
    assertRefused(
        "{\"down_block_types\": [\"AttnDownBlock2D\"], \"block_out_channels\": [32], \"num_attention_heads\": 2}",
        "config.json: num_attention_heads: expected null, which is what this library supports, got 2");
    assertRefused(
        "{\"dropout\": 0.1}",
        "config.json: dropout: expected one of [0.0], which is what this library supports, got 0.1");
    assertRefused(
        "{\"class_embed_type\": \"simple_projection\", \"projection_class_embeddings_input_dim\": 4}",
        "ControlNetModel config: class_embed_type: expected none, timestep, identity or projection, got simple_projection");
    assertRefused(
        "{\"timestep_post_act\": \"silu\"}",
        "config.json: timestep_post_act: expected null, which is what this library supports, got \"silu\"");
    assertRefused(
        "{\"mid_block_type\": null}",
        "ControlNetModel config: mid_block_type: expected a block, got null");
    assertRefused(
        "{\"wavelets\": 3}",
        "config.json: field wavelets is not supported by this library, but is set to 3");
  }

  @Test
  void saysWhichSizeThePictureMustHave() {
    try (Golden golden = Golden.of("controlnet-sd1");
        GradMode inference = GradMode.off()) {
      ControlNetModel model = model(golden, Execution.INFERENCE);
      NDArray hint = model.hint(golden.manager().zeros(new Shape(2, 3, 16, 16)));
      DiffusionException refused =
          assertThrows(
              DiffusionException.class,
              () ->
                  model.forward(
                      golden.tensor("sample"),
                      golden.tensor("timestep"),
                      GoldenConditions.of(golden),
                      hint));
      assertEquals(
          "controlnet_cond: expected a picture of 16 x 8 for a latent of 8 x 4, and as many rows; got the hint (2, 16, 8, 8)",
          refused.getMessage());
    }
  }

  private static void assertRefused(String config, String message) {
    DiffusionException refused =
        assertThrows(
            DiffusionException.class,
            () -> ControlNetConfig.of(ModelConfig.parse("config.json", config)));
    assertEquals(message, refused.getMessage());
  }

  private static ControlNetModel model(Golden golden, Execution execution) {
    return new ControlNetModel(
        ControlNetConfig.of(golden.config()), golden.parameters(), execution);
  }

  private static Conditions.Residuals residuals(Golden golden, ControlNetModel model) {
    return model.forward(
        golden.tensor("sample"),
        golden.tensor("timestep"),
        GoldenConditions.of(golden),
        model.hint(golden.tensor("controlnet_cond")));
  }

  private static void assertMatches(Golden golden, String prefix, Conditions.Residuals residuals) {
    List<NDArray> down = residuals.down();
    for (int i = 0; i < down.size(); i++) {
      golden.assertMatches(prefix + "down_block_res_samples." + i, down.get(i));
    }
    golden.assertMatches(prefix + "mid_block_res_sample", residuals.mid());
    assertEquals(false, golden.has(prefix + "down_block_res_samples." + down.size()));
  }
}
