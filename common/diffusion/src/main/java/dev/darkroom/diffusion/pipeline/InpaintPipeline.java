package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.pipeline.DenoisingLoop.Picture;
import dev.darkroom.diffusion.pipeline.Request.Inpainting;
import dev.darkroom.diffusion.random.TorchGenerator;
import dev.darkroom.diffusion.sampler.Sampler;
import dev.darkroom.diffusion.sampler.SamplerState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A part of a picture painted anew; {@code StableDiffusionInpaintPipeline} of diffusers. A U-Net
 * that was trained for it reads the mask and the rest of the picture in its own channels (Rombach
 * et al. 2022, section 4.5); with any other the rest is put back after each step.
 *
 * <p>A seed's stream gives the encoder's draw for the picture, where it is needed, the noise, the
 * encoder's draw for the rest of the picture, then what the sampler draws.
 */
record InpaintPipeline(LatentDiffusionModel model) {

  List<GeneratedImage> generate(Inpainting request, List<Seed> seeds, Progress progress) {
    model.requireFor(ExtraChannels.MASK_AND_PICTURE, ExtraChannels.NOTHING);
    boolean readsMask = model.extra() == ExtraChannels.MASK_AND_PICTURE;
    TextToImage asked = request.text();
    LatentShape shape = model.firstStage().latentShape(asked.width(), asked.height());
    asked.sampling().requireFromTheBeginning();
    Sampler sampler = model.sampler(asked.sampling(), EarlyExport.ofInpainting(asked.perturbed()));
    int end = asked.sampling().end(sampler, model.trainSteps());
    int begin = new Strength(request.strength()).begin(sampler, asked.sampling().steps());

    // 1. prompts
    Conditioning text = model.conditioner().text(asked, sampler);
    progress.encoded();

    // 2. mask, picture, and the picture without what the mask covers
    PaintedPicture painted = PaintedPicture.of(request);
    Mask mask = painted.mask();
    float[] latentMask = mask.ofLatent(shape);
    float[] planes = painted.image().toPlanes();
    LatentDistribution whole =
        readsMask && request.strength() == 1 ? null : model.firstStage().encode(planes, shape);
    LatentDistribution rest =
        readsMask ? model.firstStage().encode(mask.leaveOut(planes), shape) : null;

    // 3. noise
    List<Picture> pictures = new ArrayList<>();
    for (Seed seed : seeds) {
      TorchGenerator generator = seed.generator();
      float[] x0 = whole == null ? new float[shape.size()] : whole.sample(generator);
      float[] noise = seed.initialNoise(shape, generator);
      float[] channels = new float[0];
      KeptLatent kept = null;
      if (rest == null) {
        kept = new KeptLatent(x0, noise, latentMask);
        generator.normal(shape.size()); // diffusers encodes the rest here too, and leaves it
      } else {
        channels = joined(latentMask, rest.sample(generator));
      }
      SamplerState state =
          request.strength() == 1
              ? sampler.start(noise, generator)
              : sampler.startAt(begin, x0, noise, generator);
      pictures.add(new Picture(state, channels, kept));
    }

    // 4. denoise
    Predictor predictor = model.controlledBy(painted.control()).predictor();
    List<float[]> latents =
        new DenoisingLoop(predictor, sampler, text, shape, end, progress).run(pictures);

    // 5. decode, and put back what the mask does not cover
    return model.firstStage().decode(latents, shape, progress).stream()
        .map(each -> new GeneratedImage(painted.finish().apply(each.image()), each.latent()))
        .toList();
  }

  private static float[] joined(float[] mask, float[] latent) {
    float[] channels = Arrays.copyOf(mask, mask.length + latent.length);
    System.arraycopy(latent, 0, channels, mask.length, latent.length);
    return channels;
  }
}
