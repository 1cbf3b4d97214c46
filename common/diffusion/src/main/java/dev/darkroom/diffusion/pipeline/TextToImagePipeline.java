package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.pipeline.DenoisingLoop.Picture;
import dev.darkroom.diffusion.random.TorchGenerator;
import dev.darkroom.diffusion.sampler.Sampler;
import dev.darkroom.diffusion.sampler.SamplerState;
import java.util.ArrayList;
import java.util.List;

/**
 * A picture from noise. Rombach et al. 2022; {@code StableDiffusionPipeline} and {@code
 * StableDiffusionXLPipeline} of diffusers. Or from what another model has made of noise: a
 * refiner's part of a run, Podell et al. 2023, section 2.5.
 */
record TextToImagePipeline(LatentDiffusionModel model) {

  List<GeneratedImage> generate(TextToImage request, List<Seed> seeds, Progress progress) {
    model.requireFor(ExtraChannels.NOTHING);
    LatentShape shape = model.firstStage().latentShape(request.width(), request.height());
    Sampler sampler = model.sampler(request.sampling(), EarlyExport.TEXT);
    int begin = request.sampling().begin(sampler, model.trainSteps());
    int end = request.sampling().end(sampler, model.trainSteps());

    // 1. prompts
    Conditioning text = model.conditioner().text(request, sampler);
    progress.encoded();

    // 2. noise, or what another model has made of it
    List<Picture> pictures = new ArrayList<>();
    for (Seed seed : seeds) {
      TorchGenerator generator = seed.generator();
      pictures.add(
          Picture.of(
              request.sampling().start() == null
                  ? sampler.start(seed.initialNoise(shape, generator), generator)
                  : SamplerState.at(begin, seed.handedOver(shape), generator)));
    }

    // 3. denoise
    List<float[]> latents =
        new DenoisingLoop(model.predictor(), sampler, text, shape, end, progress).run(pictures);

    // 4. decode
    return model.firstStage().decode(latents, shape, progress);
  }
}
