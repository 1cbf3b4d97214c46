package dev.darkroom.trainer.service;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.Sha256;
import dev.darkroom.jobs.spec.Dataset;
import dev.darkroom.jobs.spec.LearningRateSchedule;
import dev.darkroom.jobs.spec.Recipe;
import dev.darkroom.jobs.spec.TrainingSpec;
import dev.darkroom.trainer.recipe.LatentDiffusionRecipeConfig;
import dev.darkroom.trainer.recipe.MixedPrecision;
import dev.darkroom.trainer.recipe.Stripes;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RecipeConfigsTest {
  @ParameterizedTest
  @EnumSource
  void everyPrecisionOfTheWireIsOneOfTheRecipes(dev.darkroom.jobs.spec.MixedPrecision precision) {
    assertEquals(precision.text(), config(precision, null).mixedPrecision().text());
  }

  @Test
  void aShiftReachesTheRecipeAndNoneIsNone() {
    var no = dev.darkroom.jobs.spec.MixedPrecision.NO;
    assertEquals(2.5, config(no, 2.5).timestepShift());
    assertEquals(1, config(no, null).timestepShift());
    assertEquals(MixedPrecision.NO, config(no, null).mixedPrecision());
  }

  private static LatentDiffusionRecipeConfig config(
      dev.darkroom.jobs.spec.MixedPrecision precision, @Nullable Double shift) {
    ModelName model = ModelName.parse("darkroom/starter");
    TrainingSpec spec =
        new TrainingSpec(
            model,
            Sha256.of("base"),
            model,
            Recipe.LATENT_DIFFUSION,
            new Dataset("files/abc", 1000, Sha256.of("zip")),
            30,
            4,
            1,
            128,
            1e-4,
            LearningRateSchedule.COSINE,
            5,
            1.0,
            0.99,
            0.1,
            null,
            precision,
            shift,
            10,
            10,
            List.of("a red apple"),
            7);
    return RecipeConfigs.latentDiffusion(spec, 1, new Stripes(3, 32));
  }
}
