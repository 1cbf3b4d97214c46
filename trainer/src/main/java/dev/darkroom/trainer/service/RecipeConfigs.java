package dev.darkroom.trainer.service;

import dev.darkroom.jobs.spec.LearningRateSchedule;
import dev.darkroom.jobs.spec.TrainingSpec;
import dev.darkroom.trainer.data.Dataset;
import dev.darkroom.trainer.loop.LearningRate;
import dev.darkroom.trainer.loop.OptimizerConfig;
import dev.darkroom.trainer.loop.RunConfig;
import dev.darkroom.trainer.recipe.AutoencoderRecipeConfig;
import dev.darkroom.trainer.recipe.LatentDiffusionRecipeConfig;
import dev.darkroom.trainer.recipe.MixedPrecision;
import java.util.ArrayList;
import java.util.List;

/** What a job's spec means to the recipes; what a spec does not say is as the recipe has it. */
final class RecipeConfigs {
  /** Prompts of the sample grid where the spec names none. */
  private static final int CAPTIONS_SHOWN = 4;

  /** Reports at least this often, however long the run. */
  private static final int MOST_STEPS_UNHEARD = 10;

  private static final int REPORTS = 100;

  private RecipeConfigs() {}

  static LatentDiffusionRecipeConfig latentDiffusion(TrainingSpec spec, int threads, Dataset data) {
    LatentDiffusionRecipeConfig defaults = LatentDiffusionRecipeConfig.defaults();
    return new LatentDiffusionRecipeConfig(
        run(spec, threads),
        optimizer(spec, defaults.optimizer()),
        defaults.conditioning(),
        MixedPrecision.of(spec.mixedPrecision().text()),
        spec.captionDropout(),
        spec.snrGamma(),
        spec.timestepShift() == null ? defaults.timestepShift() : spec.timestepShift(),
        prompts(spec, data),
        defaults.guidanceScale(),
        defaults.samplingSteps(),
        null);
  }

  /** Latents keep their meaning for the U-Net beside it: they are not normalised again. */
  static AutoencoderRecipeConfig autoencoder(TrainingSpec spec, int threads) {
    AutoencoderRecipeConfig defaults = AutoencoderRecipeConfig.defaults();
    return new AutoencoderRecipeConfig(
        run(spec, threads),
        optimizer(spec, defaults.optimizer()),
        Math.min(defaults.crop(), spec.resolution()),
        defaults.perceptualWeight(),
        defaults.klWeight(),
        defaults.discriminatorStart(),
        defaults.discriminatorWeight(),
        defaults.discriminatorChannels(),
        defaults.discriminatorLayers(),
        false,
        defaults.model());
  }

  private static RunConfig run(TrainingSpec spec, int threads) {
    return new RunConfig(
        spec.steps(),
        spec.batchSize(),
        spec.gradientAccumulationSteps(),
        spec.seed(),
        threads,
        spec.checkpointingSteps(),
        spec.validationSteps(),
        Math.clamp(spec.steps() / REPORTS, 1, MOST_STEPS_UNHEARD));
  }

  private static OptimizerConfig optimizer(TrainingSpec spec, OptimizerConfig defaults) {
    return new OptimizerConfig(
        spec.learningRate(),
        decay(spec.lrScheduler()),
        spec.lrWarmupSteps(),
        defaults.adamBeta1(),
        defaults.adamBeta2(),
        defaults.adamWeightDecay(),
        defaults.adamEpsilon(),
        spec.maxGradNorm(),
        spec.emaDecay());
  }

  private static LearningRate.Decay decay(LearningRateSchedule schedule) {
    return switch (schedule) {
      case CONSTANT -> LearningRate.Decay.CONSTANT;
      case COSINE -> LearningRate.Decay.COSINE;
    };
  }

  private static List<String> prompts(TrainingSpec spec, Dataset data) {
    if (!spec.validationPrompts().isEmpty()) {
      return spec.validationPrompts();
    }
    List<String> captions = new ArrayList<>();
    for (int index = 0; index < Math.min(CAPTIONS_SHOWN, data.size()); index++) {
      captions.add(data.draw(index, spec.seed(), 0).caption());
    }
    return captions;
  }
}
