package dev.darkroom.diffusion.pipeline;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.schedule.NoiseSchedule;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.unet.UNet2DConditionModel;
import dev.darkroom.diffusion.unet.UNetConfig;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Makes a text-conditioned model of its parts, which load beside each other. */
final class LatentDiffusionAssembly {
  private static final String LOW_RES = "low_res_scheduler";

  private LatentDiffusionAssembly() {}

  /**
   * @throws DiffusionException if a part is missing, not whole, or does not fit the others
   */
  static LatentDiffusionModel of(ComponentLoader loader) {
    ModelSource source = loader.source();
    SchedulerConfig scheduler = source.scheduler("scheduler");
    ModelFamily family = ModelFamily.of(source.index());
    LowResolution noised = noised(source);
    Beside<TextEncoding> texts = loader.beside("prompts", () -> prompts(loader, family));
    Beside<Part<UNet2DConditionModel>> net = loader.beside("unet", loader::unet);
    Beside<FirstStage> stage =
        Beside.here(() -> loader.firstStage(noised == null ? null : LowResolution.SCALING_FACTOR));
    boolean whole = false;
    try {
      TextEncoding prompts = texts.get();
      Part<UNet2DConditionModel> unet = net.get();
      FirstStage firstStage = stage.get();
      LatentDiffusionModel model =
          new LatentDiffusionModel(
              prompts,
              new RowPredictor(unet, loader.manager()),
              firstStage,
              scheduler,
              family,
              extra(source, family, unet.outline().config(), firstStage.channels()),
              noised,
              flag(source, "requires_aesthetics_score", false),
              flag(source, "is_cosxl_edit", false),
              loader,
              null);
      new FittingParts(source, model).check();
      whole = true;
      return model;
    } finally {
      if (!whole) {
        texts.discard(TextEncoding::close);
        net.discard(made -> {}); // its weights are the loader's
      }
    }
  }

  private static TextEncoding prompts(ComponentLoader loader, ModelFamily family) {
    return switch (family) {
      case STABLE_DIFFUSION, LATENT_CONSISTENCY -> loader.prompts();
      case STABLE_DIFFUSION_XL ->
          loader.dualPrompts(flag(loader.source(), "force_zeros_for_empty_prompt", true));
      case LATENT_DIFFUSION -> loader.bertPrompts();
      case LATENT_UPSCALER -> loader.upscalerPrompts();
    };
  }

  private static boolean flag(ModelSource source, String setting, boolean absent) {
    JsonNode value = source.index().settings().get(setting);
    return value == null || value.isNull() ? absent : value.booleanValue();
  }

  /**
   * What the network reads beside the latent, told from its channels.
   *
   * @throws DiffusionException if no kind of model has so many
   */
  private static ExtraChannels extra(
      ModelSource source, ModelFamily family, UNetConfig unet, int latent) {
    int count = unet.inChannels() - latent;
    boolean upscales = source.index().components().containsKey(LOW_RES);
    boolean doubles = family == ModelFamily.LATENT_UPSCALER;
    for (ExtraChannels extra : ExtraChannels.values()) {
      if (extra.count(latent) == count
          && (extra == ExtraChannels.LOW_RESOLUTION) == upscales
          && (extra == ExtraChannels.SMALL_LATENT) == doubles) {
        return extra;
      }
    }
    throw DiffusionException.badCheckpoint(
        "%s: expected a U-Net that reads a latent of %d channels, alone or with what a model for %s reads, got one of %d channels"
            .formatted(
                source.place(),
                latent,
                Arrays.stream(ExtraChannels.values())
                    .skip(1)
                    .map(ExtraChannels::purpose)
                    .collect(Collectors.joining(", ")),
                unet.inChannels()));
  }

  private static @Nullable LowResolution noised(ModelSource source) {
    if (!source.index().components().containsKey(LOW_RES)) {
      return null;
    }
    JsonNode most = source.index().settings().get("max_noise_level");
    return new LowResolution(
        NoiseSchedule.of(source.scheduler(LOW_RES)),
        most == null ? LowResolution.DEFAULT_MAX_NOISE_LEVEL : most.intValue());
  }
}
