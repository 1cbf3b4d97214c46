package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.pipeline.DenoisingLoop.Picture;
import dev.darkroom.diffusion.pipeline.Request.DepthToImage;
import dev.darkroom.diffusion.random.TorchGenerator;
import dev.darkroom.diffusion.sampler.Sampler;
import java.util.ArrayList;
import java.util.List;

/**
 * A picture from a noised one, of the same depth; {@code StableDiffusionDepth2ImgPipeline} of
 * diffusers, with a depth map that is given. A seed's stream gives the encoder's draw, the noise,
 * then what the sampler draws.
 */
record DepthToImagePipeline(LatentDiffusionModel model) {

  List<GeneratedImage> generate(DepthToImage request, List<Seed> seeds, Progress progress) {
    model.requireFor(ExtraChannels.DEPTH);
    TextToImage asked = request.text();
    LatentShape shape = model.firstStage().latentShape(asked.width(), asked.height());
    asked.sampling().requireWhole();
    Sampler sampler = model.sampler(asked.sampling(), EarlyExport.NONE);
    int begin = new Strength(request.strength()).begin(sampler, asked.sampling().steps());

    // 1. prompts
    Conditioning text = model.conditioner().text(asked, sampler);
    progress.encoded();

    // 2. depth, picture and noise
    float[] depth = DepthMap.of(request.depth(), shape);
    LatentDistribution latent =
        model.firstStage().encode(asked.fitted(request.image()).toPlanes(), shape);
    List<Picture> pictures = new ArrayList<>();
    for (Seed seed : seeds) {
      TorchGenerator generator = seed.generator();
      float[] x0 = latent.sample(generator);
      float[] noise = seed.initialNoise(shape, generator);
      pictures.add(new Picture(sampler.startAt(begin, x0, noise, generator), depth, null));
    }

    // 3. denoise
    List<float[]> latents =
        new DenoisingLoop(model.predictor(), sampler, text, shape, sampler.steps(), progress)
            .run(pictures);

    // 4. decode
    return model.firstStage().decode(latents, shape, progress);
  }
}
