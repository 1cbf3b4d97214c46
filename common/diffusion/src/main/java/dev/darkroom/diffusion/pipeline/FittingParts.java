package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.unet.AdditionEmbedding;
import dev.darkroom.diffusion.unet.ClassEmbedding;
import java.util.Set;

/**
 * Whether the parts of a model, each whole by itself, were made for each other.
 *
 * @param source where they come from, for the errors
 */
record FittingParts(ModelSource source, LatentDiffusionModel model) {
  private static final Set<ExtraChannels> OF_XL =
      Set.of(ExtraChannels.NOTHING, ExtraChannels.MASK_AND_PICTURE, ExtraChannels.PICTURE);

  /**
   * @throws DiffusionException in one sentence, if a part does not fit
   */
  void check() {
    boolean doubles = model.family() == ModelFamily.LATENT_UPSCALER;
    int latent = model.firstStage().channels();
    int out = doubles ? latent + UpscalerVelocity.VARIANCE_CHANNELS : latent;
    require(
        model.config().outChannels() == out,
        "a U-Net of %d channels out, as %d of the autoencoder's latents ask for, got %d"
            .formatted(out, latent, model.config().outChannels()));
    require(
        model.config().contextChannels() == model.prompts().channels(),
        "a U-Net that attends to the text encoder's %d channels, got %d"
            .formatted(model.prompts().channels(), model.config().contextChannels()));
    require(
        model.firstStage().colours() == 3,
        "an autoencoder of 3 colours, got " + model.firstStage().colours());
    checkClasses();
    if (doubles) {
      checkTimeCondition();
    }
    checkAddedConditions();
  }

  private void checkClasses() {
    ClassEmbedding classes = model.config().classEmbedding();
    LowResolution noised = model.noised();
    if (noised == null) {
      require(
          classes == ClassEmbedding.NONE,
          "a U-Net without classes, got one with class_embed_type " + classes);
      return;
    }
    Integer count = model.config().numClassEmbeds();
    require(
        classes == ClassEmbedding.TABLE && count != null && noised.maxNoiseLevel() < count,
        "a U-Net with a class for each noise level up to max_noise_level %d, got num_class_embeds %s"
            .formatted(noised.maxNoiseLevel(), count));
  }

  private void checkTimeCondition() {
    int told = UpscalerConditioning.timeConditionChannels(model.prompts().pooledChannels());
    Integer expected = model.config().timeCondProjDim();
    require(
        expected != null && expected == told,
        "a U-Net with time_cond_proj_dim %d, as the text encoder's channels ask for, got %s"
            .formatted(told, expected));
  }

  private void checkAddedConditions() {
    boolean xl = model.family() == ModelFamily.STABLE_DIFFUSION_XL;
    require(
        model.config().takesAddedConditions() == xl,
        xl
            ? "a U-Net with addition_embed_type text_time beside two text encoders, got another one"
            : "a U-Net conditioned on time and text, got one with added embeddings");
    require(
        !model.config().readsImage(),
        "a U-Net conditioned on text, got one that reads the embedding of a picture");
    if (model.config().addition() instanceof AdditionEmbedding.TextTime(int each)) {
      int numbers = model.scored() ? 5 : 6;
      int told = numbers * each + model.prompts().pooledChannels();
      Integer expected = model.config().projectionClassEmbeddingsInputDim();
      require(
          expected != null && expected == told,
          "a U-Net that takes %d added features, of %d numbers and a pooled text of %d channels, got %s; requires_aesthetics_score in model_index.json says whether the last number is a score"
              .formatted(told, numbers, model.prompts().pooledChannels(), expected));
      require(
          OF_XL.contains(model.extra()),
          "a model of Stable Diffusion XL for text to image, inpainting or editing by instruction,"
              + " got one for "
              + model.extra().purpose());
    }
  }

  private void require(boolean holds, String expectation) {
    if (!holds) {
      throw DiffusionException.badCheckpoint(
          "%s: expected %s".formatted(source.place(), expectation));
    }
  }
}
