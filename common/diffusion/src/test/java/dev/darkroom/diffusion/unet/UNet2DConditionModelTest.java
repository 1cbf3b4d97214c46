package dev.darkroom.diffusion.unet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.GoldenConditions;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.nn.Perturbation;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

class UNet2DConditionModelTest {
  private static final List<String> GOLDENS =
      List.of(
          "unet-sd1",
          "unet-sd2",
          "unet-sdxl",
          "unet-classes",
          "unet-upscaler",
          "unet-projected-labels",
          "unet-timestep-labels",
          "unet-simple-projection",
          "unet-identity-labels",
          "unet-residuals",
          "unet-pooled-context",
          "unet-activations",
          "unet-fourier",
          "unet-latent-upscaler",
          "unet-k-mirrored",
          "unet-simple-cross-attention",
          "unet-mixed-attention",
          "unet-pruned",
          "unet-image-embedding",
          "unet-image-hint",
          "unet-text-image",
          "unet-gligen",
          "unet-gligen-text-image",
          "unet-gligen-without-objects",
          "unet-starter");

  @ParameterizedTest
  @FieldSource("GOLDENS")
  void predictsAsDiffusers(String name) throws IOException {
    try (Golden golden = Golden.of(name);
        GradMode inference = GradMode.off()) {
      UNet2DConditionModel unet =
          new UNet2DConditionModel(
              UNetConfig.of(golden.config()), golden.parameters(), Execution.TRAINING);
      golden.assertSameKeys(unet.parameters());

      golden.assertMatches(
          "y",
          unet.forward(
              golden.tensor("sample"), golden.tensor("timestep"), GoldenConditions.of(golden)));

      UNet2DConditionModel packed =
          new UNet2DConditionModel(unet.config(), golden.parameters(), Execution.INFERENCE);
      golden.assertMatches(
          "y",
          packed.forward(
              golden.tensor("sample"), golden.tensor("timestep"), GoldenConditions.of(golden)));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "unet-sd1",
        "unet-pooled-context",
        "unet-activations",
        "unet-k-mirrored",
        "unet-simple-cross-attention",
        "unet-mixed-attention",
        "unet-image-embedding",
        "unet-text-image",
        "unet-gligen",
        "unet-starter"
      })
  void hasDiffusersGradients(String name) throws IOException {
    try (Golden golden = Golden.of(name);
        GradMode recording = GradMode.on()) {
      UNet2DConditionModel unet =
          new UNet2DConditionModel(
              UNetConfig.of(golden.config()), golden.parameters(), Execution.TRAINING);
      unet.requireGradients(true);

      NDArray y =
          unet.forward(
              golden.tensor("sample"), golden.tensor("timestep"), GoldenConditions.of(golden));

      golden.assertGradients(y.square().mean(), unet.parameters());
    }
  }

  @ParameterizedTest
  @FieldSource("GOLDENS")
  void configSurvivesWritingAndReading(String name) {
    try (Golden golden = Golden.of(name)) {
      UNetConfig config = UNetConfig.of(golden.config());
      assertEquals(config, UNetConfig.of(ModelConfig.parse("written", config.toJson().toString())));
    }
  }

  @Test
  void refusesWhatItDoesNotSupportByName() {
    assertRefused(
        "{\"addition_embed_type\": \"image_hint\"}",
        "UNet2DConditionModel config: encoder_hid_dim: expected a number with addition_embed_type image_hint, got null");
    assertRefused(
        "{\"encoder_hid_dim\": 1280, \"encoder_hid_dim_type\": \"ip_image_proj\"}",
        "config.json: encoder_hid_dim_type: expected one of [text_proj, text_image_proj, image_proj], which is what this library supports, got \"ip_image_proj\"");
    assertRefused(
        "{\"dual_cross_attention\": true}",
        "config.json: dual_cross_attention: expected one of [false], which is what this library supports, got true");
    assertRefused(
        "{\"attention_type\": \"gated-audio\"}",
        "config.json: attention_type: expected one of [default, gated, gated-text-image], which is what this library supports, got \"gated-audio\"");
    assertRefused(
        "{\"dropout\": 1.5}",
        "UNet2DConditionModel config: dropout: expected a number from 0 to 1, got 1.5");
    assertRefused(
        "{\"block_out_channels\": [32], \"down_block_types\": [\"SkipDownBlock2D\"]}",
        "config.json: down_block_types: expected one of [DownBlock2D, CrossAttnDownBlock2D, AttnDownBlock2D, ResnetDownsampleBlock2D, SimpleCrossAttnDownBlock2D, KDownBlock2D, KCrossAttnDownBlock2D], got \"SkipDownBlock2D\"");
    assertRefused(
        "{\"block_out_channels\": [32], \"down_block_types\": [\"KDownBlock2D\"], \"up_block_types\": [\"UpBlock2D\"]}",
        "UNet2DConditionModel config: up_block_types: expected K blocks on all levels or on none, got [KDownBlock2D] and [UpBlock2D]");
    assertRefused(
        "{\"act_fn\": \"quick_gelu\"}",
        "config.json: act_fn: expected one of [silu, swish, gelu, mish, relu], which is what this library supports, got \"quick_gelu\"");
    assertRefused(
        "{\"cross_attention_norm\": \"batch_norm\"}",
        "config.json: cross_attention_norm: expected one of [layer_norm, group_norm], got \"batch_norm\"");
    assertRefused(
        "{\"time_embedding_type\": \"fourier\", \"time_embedding_dim\": 41}",
        "UNet2DConditionModel config: time_embedding_dim: expected an even number with time_embedding_type fourier, got 41");
    assertRefused(
        "{\"transformer_layers_per_block\": [1, [2], [1, 2], []]}",
        "config.json: transformer_layers_per_block: expected one integer, or one or a list of them for each of 4 levels, got [1,[2],[1,2],[]]");
    assertRefused(
        "{\"time_embedding_dim\": -4}",
        "UNet2DConditionModel config: time_embedding_dim: expected a positive number, got -4");
    assertRefused(
        "{\"wavelets\": 3}",
        "config.json: field wavelets is not supported by this library, but is set to 3");
  }

  @Test
  void saysWhichInputHasTheWrongShape() {
    try (Golden golden = Golden.of("unet-sd1")) {
      UNet2DConditionModel unet =
          new UNet2DConditionModel(
              UNetConfig.of(golden.config()), golden.parameters(), Execution.TRAINING);
      NDArray one = golden.manager().zeros(new Shape(1));
      DiffusionException refused =
          assertThrows(
              DiffusionException.class,
              () -> unet.forward(golden.tensor("sample"), one, GoldenConditions.of(golden)));
      assertEquals("timestep: expected [3], one for each row, got (1)", refused.getMessage());
      DiffusionException nowhere =
          assertThrows(
              DiffusionException.class,
              () ->
                  unet.forward(
                      golden.tensor("sample"),
                      golden.tensor("timestep"),
                      GoldenConditions.of(golden)
                          .withPerturbation(new Perturbation(Map.of("attn1", one)))));
      assertEquals(
          "perturbation: expected some of the self-attention layers "
              + unet.selfAttentions()
              + ", got attn1",
          nowhere.getMessage());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "unet-image-embedding | added_cond_kwargs.image_embeds: expected [N,20], got none",
        "unet-image-hint | added_cond_kwargs.hint: expected [3,3,32,40], got none",
        "unet-sd1 | gligen: expected none for a model of attention_type default, got 1",
        "unet-gligen-text-image | gligen: expected 2 kinds of embeddings for a model of attention_type gated-text-image, got 1"
      })
  void saysWhichConditionIsAmiss(String name, String message) {
    try (Golden golden = Golden.of(name);
        Golden objects = Golden.of("unet-gligen")) {
      UNet2DConditionModel unet =
          new UNet2DConditionModel(
              UNetConfig.of(golden.config()), golden.parameters(), Execution.TRAINING);
      Conditions other =
          GoldenConditions.of(golden)
              .withAdded(null)
              .withGrounding(
                  unet.config().readsImage() ? null : GoldenConditions.of(objects).grounding());
      DiffusionException refused =
          assertThrows(
              DiffusionException.class,
              () -> unet.forward(golden.tensor("sample"), golden.tensor("timestep"), other));
      assertEquals(message, refused.getMessage());
    }
  }

  @Test
  void aLevelOfCrossAttentionAloneHasNoSelfAttention() {
    try (Golden golden = Golden.of("unet-upscaler")) {
      UNet2DConditionModel unet =
          new UNet2DConditionModel(
              UNetConfig.of(golden.config()), golden.parameters(), Execution.TRAINING);
      List<Boolean> onlyCross = unet.config().onlyCrossAttention();
      assertTrue(onlyCross.contains(true) && onlyCross.contains(false), onlyCross.toString());
      for (int i = 0; i < onlyCross.size(); i++) {
        String block = "down_blocks." + i + ".";
        boolean attends = unet.config().downBlockTypes().get(i).attends() && !onlyCross.get(i);
        assertEquals(
            attends, unet.selfAttentions().stream().anyMatch(name -> name.startsWith(block)));
      }
    }
  }

  @Test
  void anUntrainedModelPredictsZero() {
    try (Golden golden = Golden.of("unet-starter");
        GradMode inference = GradMode.off()) {
      UNet2DConditionModel unet =
          new UNet2DConditionModel(
              UNetConfig.of(golden.config()),
              new ZeroBranches(golden.manager(), 1),
              Execution.TRAINING);

      NDArray y =
          unet.forward(
              golden.tensor("sample"), golden.tensor("timestep"), GoldenConditions.of(golden));

      assertEquals(0, y.abs().max().getFloat());
      NDArray drawn = unet.parameters().get("down_blocks.0.resnets.0.conv1.weight");
      assertTrue(drawn.abs().max().getFloat() > 0);
    }
  }

  private static void assertRefused(String config, String message) {
    DiffusionException refused =
        assertThrows(
            DiffusionException.class,
            () -> UNetConfig.of(ModelConfig.parse("config.json", config)));
    assertEquals(message, refused.getMessage());
  }
}
