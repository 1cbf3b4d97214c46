package dev.darkroom.cli.generate;

import dev.darkroom.diffusion.pipeline.GeneratedImage;
import dev.darkroom.diffusion.pipeline.LatentShape;
import dev.darkroom.diffusion.pipeline.Progress;
import dev.darkroom.diffusion.pipeline.Request;
import dev.darkroom.diffusion.pipeline.Seed;
import dev.darkroom.diffusion.pipeline.StableDiffusionPipeline;
import dev.darkroom.diffusion.pipeline.UnconditionalPipeline;
import dev.darkroom.diffusion.pipeline.Unprompted;
import java.util.List;

/**
 * What a model of any kind is asked for.
 *
 * @param steps that were asked for
 * @param shape of a picture's latent
 */
record Task(int steps, LatentShape shape, Generator generator) {

  /** Makes one picture for each seed, together. */
  interface Generator {
    List<GeneratedImage> generate(List<Seed> seeds, Progress progress);
  }

  static Task of(StableDiffusionPipeline pipeline, Request asked) {
    return new Task(
        asked.text().sampling().steps(),
        pipeline.latentShape(asked.text().width(), asked.text().height()),
        (seeds, progress) -> pipeline.generate(asked, seeds, progress));
  }

  static Task of(UnconditionalPipeline pipeline, Unprompted asked) {
    return new Task(
        asked.sampling().steps(),
        pipeline.latentShape(asked.width(), asked.height()),
        (seeds, progress) -> pipeline.generate(asked, seeds, progress));
  }
}
