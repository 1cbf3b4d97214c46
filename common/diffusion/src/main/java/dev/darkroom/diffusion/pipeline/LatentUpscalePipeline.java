package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.pipeline.DenoisingLoop.Picture;
import dev.darkroom.diffusion.pipeline.Request.LatentUpscaling;
import dev.darkroom.diffusion.random.TorchGenerator;
import dev.darkroom.diffusion.sampler.Sampler;
import dev.darkroom.diffusion.sampler.SamplerType;
import dev.darkroom.diffusion.schedule.PredictionType;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A picture of twice the size: the network reads the small one's latent, doubled, beside its own;
 * {@code StableDiffusionLatentUpscalePipeline} of diffusers. A seed's stream gives the small
 * picture's latent, the noise, then what the sampler draws.
 */
record LatentUpscalePipeline(LatentDiffusionModel model) {
  /** Those that show the network x / sqrt(sigma^2 + 1), as it was trained to see it. */
  private static final Set<SamplerType> SAMPLERS =
      EnumSet.of(
          SamplerType.EULER,
          SamplerType.EULER_KARRAS,
          SamplerType.EULER_ANCESTRAL,
          SamplerType.HEUN,
          SamplerType.LMS,
          SamplerType.LMS_KARRAS,
          SamplerType.KDPM2,
          SamplerType.KDPM2_KARRAS,
          SamplerType.KDPM2_ANCESTRAL,
          SamplerType.KDPM2_ANCESTRAL_KARRAS);

  List<GeneratedImage> generate(LatentUpscaling request, List<Seed> seeds, Progress progress) {
    model.requireFor(ExtraChannels.SMALL_LATENT);
    TextToImage asked = unpromptedWhereUnguided(request.text());
    LatentShape shape = model.firstStage().latentShape(asked.width(), asked.height());
    LatentShape small = half(shape);
    asked.sampling().requireWhole();
    Sampler sampler = sampler(asked.sampling());

    // 1. prompts
    Conditioning text = model.conditioner().upscale(asked, sampler);
    progress.encoded();

    // 2. picture and noise
    LatentDistribution seen =
        model.firstStage().encode(asked.halfAsLarge(request.image()).toPlanes(), small);
    List<Picture> pictures = new ArrayList<>();
    for (Seed seed : seeds) {
      TorchGenerator generator = seed.generator();
      float[] doubled = small.doubled(seen.sample(generator));
      float[] noise = seed.initialNoise(shape, generator);
      pictures.add(new Picture(sampler.start(noise, generator), doubled, null));
    }

    // 3. denoise
    List<float[]> latents =
        new DenoisingLoop(model.predictor(), sampler, text, shape, sampler.steps(), progress)
            .run(pictures);

    // 4. decode
    return model.firstStage().decode(latents, shape, progress);
  }

  private LatentShape half(LatentShape shape) {
    int multiple = Math.max(2, model.config().sideMultiple());
    if (shape.height() % multiple != 0 || shape.width() % multiple != 0) {
      int factor = model.firstStage().factor();
      throw DiffusionException.badInput(
          "size: expected width and height in multiples of %d, to be twice a picture's, got %d x %d"
              .formatted(multiple * factor, factor * shape.width(), factor * shape.height()));
    }
    return new LatentShape(shape.channels(), shape.height() / 2, shape.width() / 2);
  }

  /** A guidance scale of 0 leaves the prompt out, as in diffusers; up to 1 it is not guided. */
  private static TextToImage unpromptedWhereUnguided(TextToImage asked) {
    ClassifierFreeGuidance guidance = asked.guidance();
    return guidance.scale() == 0
        ? asked.with(Prompts.plain("", asked.prompts().negativePrompt()))
        : asked;
  }

  /**
   * On levels as the model's files have them, for {@link UpscalerVelocity}.
   *
   * @throws DiffusionException if the files say another prediction than of the clean latent, or the
   *     sampler works in another space
   */
  private Sampler sampler(Sampling asked) {
    PredictionType told = model.scheduler().predictionType();
    if (told != PredictionType.SAMPLE) {
      throw DiffusionException.badInput(
          "prediction type: expected sample for a model for %s, got %s"
              .formatted(ExtraChannels.SMALL_LATENT.purpose(), told.configName()));
    }
    SamplerType type =
        asked.sampler() == null ? SamplerType.of(model.scheduler()) : asked.sampler();
    if (!SAMPLERS.contains(type)) {
      throw DiffusionException.badInput(
          "scheduler: expected one of %s for a model for %s, got %s"
              .formatted(
                  SAMPLERS.stream().map(SamplerType::shortName).toList(),
                  ExtraChannels.SMALL_LATENT.purpose(),
                  type.shortName()));
    }
    return model.predicting(PredictionType.V_PREDICTION).sampler(asked, EarlyExport.NONE);
  }
}
