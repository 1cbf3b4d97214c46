package dev.darkroom.trainer.recipe;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import dev.darkroom.diffusion.unet.ZeroBranches;
import dev.darkroom.trainer.data.Dataset;
import dev.darkroom.trainer.loop.Learner;
import dev.darkroom.trainer.loop.Surroundings;
import dev.darkroom.trainer.loop.TrainingLoop;
import dev.darkroom.trainer.loop.TrainingLoop.End;
import java.nio.file.Path;

/** A whole run of {@link LatentDiffusionRecipe}: from a base model and pictures to a new model. */
public final class LatentDiffusionTraining {
  private LatentDiffusionTraining() {}

  /**
   * Trains.
   *
   * @param base a diffusers folder with {@code vae}, {@code scheduler} and {@code
   *     model_index.json}, with {@code tokenizer} and {@code text_encoder} for text, and with
   *     {@code unet} where the config has no model of its own
   * @param caches a folder of this machine where latents are kept between runs
   * @param type what the result's weights are stored as
   * @param result the diffusers folder that is written when the run is finished: the base with
   *     another {@code unet}
   */
  public static End run(
      LatentDiffusionRecipeConfig config,
      Path base,
      Dataset data,
      Path caches,
      Surroundings surroundings,
      Device device,
      TensorType type,
      Path result) {
    try (NDManager manager = TorchRuntime.newManager(device);
        LatentDiffusionBase parts = new LatentDiffusionBase(base, config.conditioning(), manager);
        LatentCache latents =
            new LatentCache(
                parts.autoencoder(),
                Identity.ofFolders(base.resolve("vae")),
                data,
                caches,
                manager)) {
      UNet2DConditionModel unet = unet(config, base, manager);
      LatentDiffusionRecipe recipe =
          new LatentDiffusionRecipe(config, unet, parts, data, latents, manager);
      End end =
          new TrainingLoop(config.run(), identity(config, base, data), surroundings).run(recipe);
      if (end == End.FINISHED) {
        Path folder = PipelineFolder.copyBut("unet", base, result);
        try (Learner.Averaged averaged = recipe.averaged()) {
          unet.save(folder, type);
        }
      }
      return end;
    }
  }

  private static UNet2DConditionModel unet(
      LatentDiffusionRecipeConfig config, Path base, NDManager manager) {
    UNetConfig model = config.unet();
    requireTrainable(
        model == null ? UNetConfig.of(ComponentFolder.config(base.resolve("unet"))) : model);
    Execution execution = config.mixedPrecision().execution();
    return model == null
        ? UNet2DConditionModel.load(base.resolve("unet"), manager, execution)
        : new UNet2DConditionModel(
            model, new ZeroBranches(manager, config.run().seed()), execution);
  }

  /** Parts that no loss would reach are refused, and what training here leaves out. */
  private static void requireTrainable(UNetConfig unet) {
    if (unet.dropout() > 0) {
      throw DiffusionException.badInput(
          "unet: expected dropout 0, for training here drops nothing, got " + unet.dropout());
    }
    if (unet.isGrounded()) {
      throw DiffusionException.badInput(
          "unet: expected attention_type default, for training here shows no objects, got a gated"
              + " one");
    }
    if (unet.readsImage()) {
      throw DiffusionException.badInput(
          "unet: expected one conditioned on texts or classes, got one that reads the embedding of"
              + " a picture");
    }
  }

  private static String identity(LatentDiffusionRecipeConfig config, Path base, Dataset data) {
    return Identity.of(
        "latent-diffusion", config.toJson(), data.fingerprint(), Identity.ofFolders(base));
  }
}
