package dev.darkroom.trainer.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.unet.UNetConfig;
import dev.darkroom.trainer.loop.Check;
import dev.darkroom.trainer.loop.LearningRate;
import dev.darkroom.trainer.loop.OptimizerConfig;
import dev.darkroom.trainer.loop.RunConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a U-Net is trained on the latents of a frozen autoencoder. Noise schedule and prediction type
 * are those of the base model's scheduler.
 *
 * @param mixedPrecision what the U-Net's products are computed in
 * @param captionDropout probability that a sample is trained without its caption or class, for
 *     guidance
 * @param snrGamma of min-SNR weighting, or none
 * @param timestepShift how far towards noise the times of the samples are drawn: see {@link
 *     Timesteps}
 * @param validationPrompts prompts of the sample grids, where there is text
 * @param guidanceScale of the sample grids
 * @param samplingSteps of the sample grids
 * @param model diffusers' {@code config.json} of a U-Net that starts from nothing; none goes on
 *     with the base model's
 */
public record LatentDiffusionRecipeConfig(
    RunConfig run,
    OptimizerConfig optimizer,
    Conditioning conditioning,
    MixedPrecision mixedPrecision,
    double captionDropout,
    @Nullable Double snrGamma,
    double timestepShift,
    List<String> validationPrompts,
    double guidanceScale,
    int samplingSteps,
    @Nullable JsonNode model) {

  public LatentDiffusionRecipeConfig {
    Check.range("caption_dropout", captionDropout, 0, 1);
    if (snrGamma != null) {
      Check.range("snr_gamma", snrGamma, 1e-3, 1e3);
    }
    Check.range("timestep_shift", timestepShift, 0.01, 100);
    validationPrompts = List.copyOf(validationPrompts);
    Check.range("validation_prompts", validationPrompts.size(), 0, 64);
    Check.range("guidance_scale", guidanceScale, 0, 100);
    Check.range("sampling_steps", samplingSteps, 1, 1000);
    if (model != null && !model.isNull()) {
      unet(model);
    }
  }

  /** Text to image, going on from the base model. */
  public static LatentDiffusionRecipeConfig defaults() {
    return new LatentDiffusionRecipeConfig(
        new RunConfig(10_000, 8, 1, 0, 1, 500, 1000, 20),
        new OptimizerConfig(1e-4, LearningRate.Decay.CONSTANT, 0, 0.9, 0.99, 0.01, 1e-8, 1, 0.999),
        Conditioning.TEXT,
        MixedPrecision.NO,
        0.1,
        5.0,
        1,
        List.of(),
        4,
        20,
        null);
  }

  /**
   * @throws dev.darkroom.diffusion.DiffusionException naming the first field that is unknown or out
   *     of range
   */
  public static LatentDiffusionRecipeConfig parse(String name, String json) {
    return Configs.read(name, json, defaults(), LatentDiffusionRecipeConfig.class);
  }

  /** The same run on a processor that does not compute bfloat16: slower, and as good. */
  public LatentDiffusionRecipeConfig inFloat32() {
    return new LatentDiffusionRecipeConfig(
        run,
        optimizer,
        conditioning,
        MixedPrecision.NO,
        captionDropout,
        snrGamma,
        timestepShift,
        validationPrompts,
        guidanceScale,
        samplingSteps,
        model);
  }

  public String toJson() {
    return Configs.write(this);
  }

  /** The U-Net to start from nothing, or null. */
  public @Nullable UNetConfig unet() {
    return model == null || model.isNull() ? null : unet(model);
  }

  private static UNetConfig unet(JsonNode model) {
    return UNetConfig.of(ModelConfig.parse("model", model.toString()));
  }
}
