package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.checkpoint.ModelIndex;

/** The families that these pipelines load: their text side and their defaults differ. */
enum ModelFamily {
  /** Stable Diffusion 1 and 2, whose early exports diffusers corrects. */
  STABLE_DIFFUSION,
  /** Podell et al. 2023. */
  STABLE_DIFFUSION_XL,
  /** Luo et al. 2023: Stable Diffusion, distilled. */
  LATENT_CONSISTENCY,
  /** Rombach et al. 2022 with BERT: {@code LDMTextToImagePipeline}. */
  LATENT_DIFFUSION,
  /** A network of k-diffusion's over Stable Diffusion's latents that doubles a picture's size. */
  LATENT_UPSCALER;

  static ModelFamily of(ModelIndex index) {
    if (index.components().containsKey("text_encoder_2")) {
      return STABLE_DIFFUSION_XL;
    }
    return switch (index.className()) {
      case "LatentConsistencyModelPipeline", "LatentConsistencyModelImg2ImgPipeline" ->
          LATENT_CONSISTENCY;
      case "LDMTextToImagePipeline" -> LATENT_DIFFUSION;
      case "StableDiffusionLatentUpscalePipeline" -> LATENT_UPSCALER;
      default -> STABLE_DIFFUSION;
    };
  }

  /** What diffusers' pipelines take where nobody says. */
  Defaults defaults(ExtraChannels extra) {
    return switch (this) {
      case STABLE_DIFFUSION ->
          switch (extra) {
            case NOTHING, DEPTH, MASK_AND_PICTURE -> new Defaults(50, 7.5, 7.5, 0.8, 1);
            case PICTURE -> new Defaults(100, 7.5, 7.5, 1, 1);
            case LOW_RESOLUTION, SMALL_LATENT -> new Defaults(75, 9, 9, 1, 1);
          };
      case STABLE_DIFFUSION_XL ->
          extra == ExtraChannels.PICTURE
              ? new Defaults(100, 5, 5, 1, 1)
              : new Defaults(50, 5, 7.5, 0.3, 0.9999);
      case LATENT_CONSISTENCY -> new Defaults(4, 8.5, 8.5, 0.8, 1);
      case LATENT_DIFFUSION -> new Defaults(50, 1, 1, 0.8, 1);
      case LATENT_UPSCALER -> new Defaults(75, 9, 9, 1, 1);
    };
  }
}
