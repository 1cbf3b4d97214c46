package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.pipeline.DenoisingLoop.Picture;
import dev.darkroom.diffusion.pipeline.Request.InstructPix2Pix;
import dev.darkroom.diffusion.random.TorchGenerator;
import dev.darkroom.diffusion.sampler.Sampler;
import java.util.ArrayList;
import java.util.List;

/**
 * A picture changed as the prompt instructs. Brooks et al. 2023; {@code
 * StableDiffusionInstructPix2PixPipeline} of diffusers, and XL's. The network sees the picture's
 * most likely latent, not scaled but by the one kind that says so ({@code is_cosxl_edit}).
 */
record InstructPix2PixPipeline(LatentDiffusionModel model) {

  List<GeneratedImage> generate(InstructPix2Pix request, List<Seed> seeds, Progress progress) {
    model.requireFor(ExtraChannels.PICTURE);
    TextToImage asked = request.text();
    LatentShape shape = model.firstStage().latentShape(asked.width(), asked.height());
    asked.sampling().requireWhole();
    Sampler sampler = model.sampler(asked.sampling(), EarlyExport.NONE);

    // 1. prompts
    Conditioning edit = model.conditioner().edit(asked, request.imageGuidanceScale(), sampler);
    progress.encoded();

    // 2. picture and noise
    LatentDistribution seen =
        model.firstStage().encode(asked.fitted(request.image()).toPlanes(), shape);
    float[] picture = model.scalesEdited() ? seen.scaledMode() : seen.mode();
    List<Picture> pictures = new ArrayList<>();
    for (Seed seed : seeds) {
      TorchGenerator generator = seed.generator();
      float[] noise = seed.initialNoise(shape, generator);
      pictures.add(new Picture(sampler.start(noise, generator), picture, null));
    }

    // 3. denoise
    List<float[]> latents =
        new DenoisingLoop(model.predictor(), sampler, edit, shape, sampler.steps(), progress)
            .run(pictures);

    // 4. decode
    return model.firstStage().decode(latents, shape, progress);
  }
}
