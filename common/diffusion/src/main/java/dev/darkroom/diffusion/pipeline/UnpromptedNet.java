package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.ModelIndex;
import dev.darkroom.diffusion.unet.ClassEmbedding;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNet2DConfig;
import dev.darkroom.diffusion.unet.UNet2DModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A U-Net that reads no text.
 *
 * @param context what a row attends to where the network asks for it: one token of zeros
 * @param classes rows of the network's table, or null
 * @param channels that it reads and predicts
 * @param side of the maps that it was trained on, 0 if unsaid
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record UnpromptedNet(
    Predictor unet, float[] context, @Nullable Integer classes, int channels, int side) {
  private static final String CONDITIONED = "UNet2DConditionModel";

  /**
   * Whether a {@code StableDiffusionPipeline} is one in name alone: no text encoder, a U-Net that
   * attends to nothing, or one with a table of classes. The trainer makes such models.
   */
  static boolean isIn(ModelSource source) {
    ModelIndex.Component unet = source.index().components().get("unet");
    if (unet == null) {
      return false;
    }
    if (!source.index().components().containsKey("text_encoder")
        || !unet.className().equals(CONDITIONED)) {
      return true;
    }
    UNetConfig config = UNetConfig.of(source.config("unet"));
    return config.classEmbedding() == ClassEmbedding.TABLE || !config.attendsToContext();
  }

  /**
   * @throws DiffusionException if it is conditioned on more than time and a table of classes
   */
  static UnpromptedNet load(ComponentLoader loader) {
    Path place = loader.source().place();
    ModelIndex.Component unet = loader.source().index().components().get("unet");
    if (unet != null && unet.className().equals(CONDITIONED)) {
      Part<UNet2DConditionModel> network = loader.unet();
      UNetConfig config = network.outline().config();
      if (config.takesAddedConditions()
          || config.readsImage()
          || config.timeCondProjDim() != null) {
        throw DiffusionException.badCheckpoint(
            place
                + ": expected a U-Net conditioned on time and classes alone, got one with added or"
                + " guidance embeddings");
      }
      return new UnpromptedNet(
          new RowPredictor(network, loader.manager()),
          new float[config.contextChannels()],
          classes(place, config.classEmbedding(), config.numClassEmbeds()),
          channels(place, config.inChannels(), config.outChannels()),
          config.sampleSize());
    }
    Part<UNet2DModel> network = loader.plainUnet();
    UNet2DConfig config = network.outline().config();
    return new UnpromptedNet(
        new PlainPredictor(network, loader.manager()),
        new float[0],
        classes(place, config.classEmbedding(), config.numClassEmbeds()),
        channels(place, config.inChannels(), config.outChannels()),
        config.sampleSize());
  }

  /** The same, which sees large maps through windows. */
  UnpromptedNet through(Windows windows) {
    return new UnpromptedNet(
        new WindowedPredictor(unet, windows), context, classes, channels, side);
  }

  private static @Nullable Integer classes(
      Path place, ClassEmbedding embedding, @Nullable Integer count) {
    return switch (embedding) {
      case NONE -> null;
      case TABLE -> count;
      case TIMESTEP, IDENTITY, PROJECTION, SIMPLE_PROJECTION ->
          throw DiffusionException.badCheckpoint(
              "%s: expected a U-Net without classes or with a table of them, got class_embed_type %s"
                  .formatted(place, embedding));
    };
  }

  private static int channels(Path place, int in, int out) {
    if (in != out) {
      throw DiffusionException.badCheckpoint(
          "%s: expected a U-Net of as many channels in as out, got %d and %d"
              .formatted(place, in, out));
    }
    return in;
  }
}
