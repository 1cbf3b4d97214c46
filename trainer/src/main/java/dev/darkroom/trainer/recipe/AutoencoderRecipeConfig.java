package dev.darkroom.trainer.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.autoencoder.AutoencoderConfig;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.trainer.loop.Check;
import dev.darkroom.trainer.loop.LearningRate;
import dev.darkroom.trainer.loop.OptimizerConfig;
import dev.darkroom.trainer.loop.RunConfig;
import dev.darkroom.trainer.loss.Lpips;
import org.jspecify.annotations.Nullable;

/**
 * How an autoencoder is trained. The loss is {@code L1 + perceptualWeight * LPIPS + klWeight * KL}
 * with L1 as the mean over pixels, LPIPS over pictures, KL in nats a picture, and with the
 * adversarial term from {@code discriminatorStart}.
 *
 * @param crop side of the random square crops that are trained on, in pixels
 * @param discriminatorStart optimizer step of the first adversarial loss; none trains without
 * @param discriminatorWeight times the adaptive weight
 * @param normaliseLatents whether the result's latents have mean 0 and deviation 1 in each channel,
 *     folded into its convolutions between spaces
 * @param model diffusers' {@code config.json} of the autoencoder, where it starts from nothing
 */
public record AutoencoderRecipeConfig(
    RunConfig run,
    OptimizerConfig optimizer,
    int crop,
    double perceptualWeight,
    double klWeight,
    @Nullable Integer discriminatorStart,
    double discriminatorWeight,
    int discriminatorChannels,
    int discriminatorLayers,
    boolean normaliseLatents,
    JsonNode model) {

  public AutoencoderRecipeConfig {
    Check.range("crop", crop, Lpips.MIN_SIDE, 4096);
    Check.range("perceptual_weight", perceptualWeight, 0, 1e3);
    Check.range("kl_weight", klWeight, 0, 1e3);
    if (discriminatorStart != null) {
      Check.range("discriminator_start", discriminatorStart, 0, Check.MAX_STEPS);
    }
    Check.range("discriminator_weight", discriminatorWeight, 0, 1e3);
    Check.range("discriminator_channels", discriminatorChannels, 1, 512);
    Check.range("discriminator_layers", discriminatorLayers, 1, 5);
    int factor = autoencoder(model).factor();
    Check.that(
        crop % factor == 0,
        "crop: expected a multiple of %d, the autoencoder's factor, got %d"
            .formatted(factor, crop));
  }

  /** A small autoencoder that halves three times, for 8 latent channels. */
  public static AutoencoderRecipeConfig defaults() {
    return new AutoencoderRecipeConfig(
        new RunConfig(10_000, 8, 1, 0, 1, 500, 1000, 20),
        new OptimizerConfig(8e-4, LearningRate.Decay.COSINE, 100, 0.9, 0.99, 0, 1e-8, 1, 0.999),
        64,
        1,
        1e-6,
        null,
        0.5,
        32,
        2,
        true,
        Configs.tree(
            """
            {"_class_name": "AutoencoderKL", "in_channels": 3, "out_channels": 3,
             "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
             "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"],
             "block_out_channels": [16, 48, 96, 128], "layers_per_block": 1, "latent_channels": 8, "norm_num_groups": 4,
             "sample_size": 128, "scaling_factor": 1.0, "force_upcast": false}
            """));
  }

  /**
   * @throws dev.darkroom.diffusion.DiffusionException naming the first field that is unknown or out
   *     of range
   */
  public static AutoencoderRecipeConfig parse(String name, String json) {
    return Configs.read(name, json, defaults(), AutoencoderRecipeConfig.class);
  }

  public String toJson() {
    return Configs.write(this);
  }

  AutoencoderConfig autoencoder() {
    return autoencoder(model);
  }

  private static AutoencoderConfig autoencoder(JsonNode model) {
    return AutoencoderConfig.of(ModelConfig.parse("model", model.toString()));
  }
}
