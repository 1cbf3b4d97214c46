package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.pipeline.DenoisingLoop.Picture;
import dev.darkroom.diffusion.pipeline.Request.ImageToImage;
import dev.darkroom.diffusion.random.TorchGenerator;
import dev.darkroom.diffusion.sampler.Sampler;
import dev.darkroom.diffusion.sampler.SamplerState;
import java.util.ArrayList;
import java.util.List;

/**
 * A picture from a noised one. Meng et al. 2022 (SDEdit); {@code StableDiffusionImg2ImgPipeline} of
 * diffusers, and XL's. A seed's stream gives the encoder's draw, the noise, then what the sampler
 * draws. A picture that another model has left unfinished, at a share of the run that the request
 * says, is noised already. A latent consistency model makes all its steps, closer together: {@code
 * LatentConsistencyModelImg2ImgPipeline}.
 */
record ImageToImagePipeline(LatentDiffusionModel model) {

  List<GeneratedImage> generate(ImageToImage request, List<Seed> seeds, Progress progress) {
    model.requireFor(ExtraChannels.NOTHING);
    TextToImage asked = request.text();
    LatentShape shape = model.firstStage().latentShape(asked.width(), asked.height());
    Strength strength = new Strength(request.strength());
    boolean spreads = model.spreadsStepsOverStrength(asked.sampling());
    Sampler sampler =
        model.sampler(asked.sampling(), EarlyExport.TEXT, spreads ? strength.share() : null);
    int end = asked.sampling().end(sampler, model.trainSteps());
    boolean isNoised = asked.sampling().start() != null;
    int begin =
        isNoised
            ? asked.sampling().begin(sampler, model.trainSteps())
            : spreads ? 0 : strength.begin(sampler, asked.sampling().steps());

    // 1. prompts
    Conditioning text = model.conditioner().text(asked, sampler);
    progress.encoded();

    // 2. picture and noise
    LatentDistribution latent =
        model.firstStage().encode(asked.fitted(request.image()).toPlanes(), shape);
    List<Picture> pictures = new ArrayList<>();
    for (Seed seed : seeds) {
      if (isNoised && seed.noise() != null) {
        throw DiffusionException.badInput(
            "latents: expected none beside a picture that another model has left unfinished, got"
                + " some; leave out one of them");
      }
      TorchGenerator generator = seed.generator();
      float[] x0 = latent.sample(generator);
      pictures.add(
          Picture.of(
              isNoised
                  ? SamplerState.at(begin, x0, generator)
                  : sampler.startAt(begin, x0, seed.initialNoise(shape, generator), generator)));
    }

    // 3. denoise
    List<float[]> latents =
        new DenoisingLoop(model.predictor(), sampler, text, shape, end, progress).run(pictures);

    // 4. decode
    return model.firstStage().decode(latents, shape, progress);
  }
}
