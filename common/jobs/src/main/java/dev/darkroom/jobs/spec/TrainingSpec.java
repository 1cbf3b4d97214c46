package dev.darkroom.jobs.spec;

import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.Sha256;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A new version of a model from a dataset.
 *
 * @param model the base model
 * @param version the base version, whose other components the result shares
 * @param destination the model that the result is registered under
 * @param steps optimizer steps
 * @param batchSize pictures of one forward
 * @param gradientAccumulationSteps forwards of one optimizer step
 * @param resolution side of the square training pictures, in pixels
 * @param learningRate after the warm-up
 * @param lrWarmupSteps optimizer steps of linear warm-up
 * @param emaDecay of the averaged weights that are registered; 0 registers the raw ones
 * @param captionDropout probability that a caption is trained as the empty prompt, for guidance
 * @param snrGamma of min-SNR weighting, or none
 * @param mixedPrecision what the U-Net's products are computed in; specs that were stored before
 *     there was a choice have none and mean {@link MixedPrecision#NO}
 * @param timestepShift above 1 noisy times are drawn more often, below 1 the others; none is 1
 * @param checkpointingSteps optimizer steps between two checkpoints
 * @param validationSteps optimizer steps between two sample grids
 * @param validationPrompts prompts of the sample grids; none draws them from the captions
 * @param seed of data order, noise, timesteps and dropout
 */
public record TrainingSpec(
    ModelName model,
    Sha256 version,
    ModelName destination,
    Recipe recipe,
    Dataset dataset,
    int steps,
    int batchSize,
    int gradientAccumulationSteps,
    int resolution,
    double learningRate,
    LearningRateSchedule lrScheduler,
    int lrWarmupSteps,
    double maxGradNorm,
    double emaDecay,
    double captionDropout,
    @Nullable Double snrGamma,
    MixedPrecision mixedPrecision,
    @Nullable Double timestepShift,
    int checkpointingSteps,
    int validationSteps,
    List<String> validationPrompts,
    long seed)
    implements JobSpec {
  /** Most optimizer steps of one training. */
  public static final int MAX_STEPS = 10_000_000;

  /** Most prompts of a sample grid. */
  public static final int MAX_VALIDATION_PROMPTS = 16;

  /** Least and most that times may be shifted. */
  public static final double MIN_TIMESTEP_SHIFT = 0.01;

  public static final double MAX_TIMESTEP_SHIFT = 100;

  public TrainingSpec {
    Check.present("model", model);
    Check.present("version", version);
    Check.present("destination", destination);
    Check.present("recipe", recipe);
    Check.present("dataset", dataset);
    Check.range("steps", steps, 1, MAX_STEPS);
    Check.range("batch_size", batchSize, 1, 4096);
    Check.range("gradient_accumulation_steps", gradientAccumulationSteps, 1, 4096);
    Check.range("resolution", resolution, 8, GenerationSpec.MAX_SIDE);
    Check.range("learning_rate", learningRate, 1e-9, 1);
    Check.present("lr_scheduler", lrScheduler);
    Check.range("lr_warmup_steps", lrWarmupSteps, 0, MAX_STEPS);
    Check.range("max_grad_norm", maxGradNorm, 1e-6, 1e6);
    Check.range("ema_decay", emaDecay, 0, 0.999999);
    Check.range("caption_dropout", captionDropout, 0, 1);
    if (snrGamma != null) {
      Check.range("snr_gamma", snrGamma, 1e-3, 1e3);
    }
    mixedPrecision = mixedPrecision == null ? MixedPrecision.NO : mixedPrecision;
    if (mixedPrecision != MixedPrecision.NO && recipe != Recipe.LATENT_DIFFUSION) {
      throw Check.invalid(
          "mixed_precision: expected no with the recipe %s, got %s; it is for %s"
              .formatted(recipe.text(), mixedPrecision.text(), Recipe.LATENT_DIFFUSION.text()));
    }
    if (timestepShift != null) {
      Check.range("timestep_shift", timestepShift, MIN_TIMESTEP_SHIFT, MAX_TIMESTEP_SHIFT);
    }
    Check.range("checkpointing_steps", checkpointingSteps, 1, MAX_STEPS);
    Check.range("validation_steps", validationSteps, 1, MAX_STEPS);
    validationPrompts = List.copyOf(Check.present("validation_prompts", validationPrompts));
    Check.range("validation_prompts", validationPrompts.size(), 0, MAX_VALIDATION_PROMPTS);
    for (String prompt : validationPrompts) {
      Check.length("validation_prompts", prompt, GenerationSpec.MAX_PROMPT);
    }
    Check.range("seed", seed, 0, GenerationSpec.MAX_SEED);
  }
}
