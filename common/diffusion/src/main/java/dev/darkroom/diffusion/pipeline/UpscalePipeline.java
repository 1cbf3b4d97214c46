package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.image.Resampling;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.pipeline.DenoisingLoop.Picture;
import dev.darkroom.diffusion.pipeline.Request.Upscaling;
import dev.darkroom.diffusion.random.TorchGenerator;
import dev.darkroom.diffusion.sampler.Sampler;
import java.util.ArrayList;
import java.util.List;

/**
 * A larger picture: the network reads the small one, noised, beside a latent of its size; {@code
 * StableDiffusionUpscalePipeline} of diffusers. A seed's stream gives the small picture's noise,
 * the latent's, then what the sampler draws.
 */
record UpscalePipeline(LatentDiffusionModel model) {

  List<GeneratedImage> generate(Upscaling request, List<Seed> seeds, Progress progress) {
    model.requireFor(ExtraChannels.LOW_RESOLUTION);
    TextToImage asked = request.text();
    LatentShape shape = model.firstStage().latentShape(asked.width(), asked.height());
    asked.sampling().requireWhole();
    Sampler sampler = model.sampler(asked.sampling(), EarlyExport.NONE);
    LowResolution low = model.lowResolution();
    if (request.noiseLevel() < 0 || request.noiseLevel() > low.maxNoiseLevel()) {
      throw DiffusionException.badInput(
          "noise level: expected 0 to %d, got %d"
              .formatted(low.maxNoiseLevel(), request.noiseLevel()));
    }

    // 1. prompts
    Conditioning text = model.conditioner().text(asked, sampler, request.noiseLevel());
    progress.encoded();

    // 2. picture and noise
    RgbImage small = Resampling.BICUBIC.resize(request.image(), shape.width(), shape.height());
    float[] planes = small.toPlanes();
    List<Picture> pictures = new ArrayList<>();
    for (Seed seed : seeds) {
      TorchGenerator generator = seed.generator();
      float[] noised =
          low.schedule().addNoise(planes, generator.normal(planes.length), request.noiseLevel());
      float[] noise = seed.initialNoise(shape, generator);
      pictures.add(new Picture(sampler.start(noise, generator), noised, null));
    }

    // 3. denoise
    List<float[]> latents =
        new DenoisingLoop(model.predictor(), sampler, text, shape, sampler.steps(), progress)
            .run(pictures);

    // 4. decode
    return model.firstStage().decode(latents, shape, progress);
  }
}
