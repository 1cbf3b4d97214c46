package dev.darkroom.trainer.recipe;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.autoencoder.AutoencoderKL;
import dev.darkroom.diffusion.checkpoint.TensorType;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import dev.darkroom.diffusion.nn.Execution;
import dev.darkroom.trainer.data.Dataset;
import dev.darkroom.trainer.loop.Learner;
import dev.darkroom.trainer.loop.Surroundings;
import dev.darkroom.trainer.loop.TrainingLoop;
import dev.darkroom.trainer.loop.TrainingLoop.End;
import java.nio.file.Path;

/** A whole run of {@link AutoencoderRecipe}: from a config and pictures to a component folder. */
public final class AutoencoderTraining {
  private AutoencoderTraining() {}

  /**
   * Trains a new autoencoder of the config's model.
   *
   * @param heldOut pictures that are only looked at
   * @param result the component folder that is written when the run is finished
   */
  public static End fromNothing(
      AutoencoderRecipeConfig config,
      Dataset data,
      Dataset heldOut,
      Surroundings surroundings,
      Device device,
      TensorType type,
      Path result) {
    try (NDManager manager = TorchRuntime.newManager(device)) {
      AutoencoderKL autoencoder = AutoencoderRecipe.fromNothing(config, manager);
      String identity = Identity.of("autoencoder", config.toJson(), data.fingerprint());
      return run(config, autoencoder, identity, data, heldOut, surroundings, manager, type, result);
    }
  }

  /**
   * Goes on with the autoencoder of a model, whose latents keep their meaning only as far as the
   * training leaves them.
   *
   * @param base a diffusers folder
   * @param result the diffusers folder that is written when the run is finished: the base with
   *     another {@code vae}
   */
  public static End from(
      Path base,
      AutoencoderRecipeConfig config,
      Dataset data,
      Dataset heldOut,
      Surroundings surroundings,
      Device device,
      TensorType type,
      Path result) {
    try (NDManager manager = TorchRuntime.newManager(device)) {
      AutoencoderKL autoencoder =
          AutoencoderKL.load(base.resolve("vae"), manager, Execution.TRAINING);
      String identity =
          Identity.of(
              "autoencoder",
              config.toJson(),
              data.fingerprint(),
              Identity.ofFolders(base.resolve("vae")));
      Path vae = PipelineFolder.copyBut("vae", base, result);
      return run(config, autoencoder, identity, data, heldOut, surroundings, manager, type, vae);
    }
  }

  private static End run(
      AutoencoderRecipeConfig config,
      AutoencoderKL autoencoder,
      String identity,
      Dataset data,
      Dataset heldOut,
      Surroundings surroundings,
      NDManager manager,
      TensorType type,
      Path vae) {
    AutoencoderRecipe recipe = new AutoencoderRecipe(config, autoencoder, data, heldOut, manager);
    End end = new TrainingLoop(config.run(), identity, surroundings).run(recipe);
    if (end == End.FINISHED) {
      try (Learner.Averaged averaged = recipe.averaged()) {
        if (config.normaliseLatents()) {
          LatentNormalisation.apply(autoencoder, data, manager);
        }
        autoencoder.save(vae, type);
      }
    }
    return end;
  }
}
