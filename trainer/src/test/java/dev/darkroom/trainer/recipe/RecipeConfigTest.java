package dev.darkroom.trainer.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.darkroom.diffusion.DiffusionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecipeConfigTest {

  @Test
  void fillsWhatIsLeftOutAndSurvivesWriting() {
    AutoencoderRecipeConfig config =
        AutoencoderRecipeConfig.parse("ae.json", "{\"run\": {\"steps\": 7}, \"crop\": 32}");
    assertEquals(7, config.run().steps());
    assertEquals(AutoencoderRecipeConfig.defaults().run().batchSize(), config.run().batchSize());
    assertEquals(config, AutoencoderRecipeConfig.parse("written", config.toJson()));

    LatentDiffusionRecipeConfig unet =
        LatentDiffusionRecipeConfig.parse("unet.json", "{\"conditioning\": \"none\"}");
    assertEquals(unet.toJson(), LatentDiffusionRecipeConfig.parse("w", unet.toJson()).toJson());
  }

  @Test
  void mixedPrecisionIsNamedAsElsewhereInTheField() {
    LatentDiffusionRecipeConfig mixed =
        LatentDiffusionRecipeConfig.parse("unet.json", "{\"mixed_precision\": \"bf16\"}");
    assertEquals(MixedPrecision.BF16, mixed.mixedPrecision());
    assertEquals(mixed.toJson(), LatentDiffusionRecipeConfig.parse("w", mixed.toJson()).toJson());
    assertEquals(LatentDiffusionRecipeConfig.defaults().toJson(), mixed.inFloat32().toJson());
    DiffusionException refused =
        assertThrows(
            DiffusionException.class,
            () -> LatentDiffusionRecipeConfig.parse("unet.json", "{\"mixed_precision\": \"fp8\"}"));
    assertEquals(
        "unet.json: mixed_precision: expected no or bf16, got \"fp8\"", refused.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"run\": {\"steps\": 0}} | ae.json: steps: expected 1 to 10000000, got 0",
        "{\"optimizer\": {\"learning_rate\": 2}} | ae.json: learning_rate: expected 1.0E-9 to 1, got 2",
        "{\"crop\": 36} | ae.json: crop: expected a multiple of 8, the autoencoder's factor, got 36",
        "{\"crops\": 36} | ae.json: unknown field crops",
        "[] | ae.json: expected a JSON object",
      })
  void saysWhatIsWrongByTheFieldsName(String json, String start) {
    DiffusionException refused =
        assertThrows(
            DiffusionException.class, () -> AutoencoderRecipeConfig.parse("ae.json", json));
    assertEquals(
        start,
        refused.getMessage().substring(0, Math.min(start.length(), refused.getMessage().length())));
  }
}
