package dev.darkroom.trainer.starter;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.kernels.GradMode;
import dev.darkroom.diffusion.kernels.Scope;
import dev.darkroom.diffusion.pipeline.Progress;
import dev.darkroom.diffusion.pipeline.Seed;
import dev.darkroom.diffusion.pipeline.StableDiffusionPipeline;
import dev.darkroom.diffusion.pipeline.TextToImage;
import dev.darkroom.trainer.data.Picture;
import dev.darkroom.trainer.loss.Lpips;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;

/**
 * Whether an image shows what its prompt asked for: among the right picture and nineteen others,
 * drawn once for each prompt, it must be nearest to the right one. Nearness is the distance of
 * pooled SqueezeNet features. Chance is one in twenty.
 */
final class NearestOfTwenty {
  private static final int CANDIDATES = 20;
  private static final int STEPS = 25;
  private static final double GUIDANCE = 4;

  private final StableDiffusionPipeline pipeline;
  private final EmojiDataset data;
  private final Lpips network;
  private final NDManager manager;

  NearestOfTwenty(
      StableDiffusionPipeline pipeline, EmojiDataset data, Lpips network, NDManager manager) {
    this.pipeline = pipeline;
    this.data = data;
    this.network = network;
    this.manager = manager;
  }

  /**
   * The share of prompts whose image is nearest to the right picture.
   *
   * @param seen is given every prompt with its image
   */
  double share(java.util.List<EvaluationPrompt> prompts, BiConsumer<String, Picture> seen) {
    int right = 0;
    for (int at = 0; at < prompts.size(); at++) {
      EvaluationPrompt prompt = prompts.get(at);
      Picture image = generate(prompt.text(), at);
      seen.accept(prompt.text(), image);
      if (isNearest(features(image), prompt.index(), at)) {
        right++;
      }
    }
    return (double) right / prompts.size();
  }

  private Picture generate(String prompt, int seed) {
    TextToImage request =
        new TextToImage(
            prompt,
            "",
            EmojiDataset.SIDE,
            EmojiDataset.SIDE,
            null,
            STEPS,
            new ClassifierFreeGuidance(GUIDANCE, 0),
            0);
    float[] planes =
        pipeline
            .generate(request, java.util.List.of(Seed.of(seed)), Progress.SILENT)
            .getFirst()
            .image()
            .toPlanes();
    return Picture.ofPlanes(EmojiDataset.SIDE, EmojiDataset.SIDE, planes, 0);
  }

  private boolean isNearest(float[] image, int right, int draw) {
    double best = distance(image, features(data.picture(right, Background.WHITE.ordinal())));
    SplittableRandom random = new SplittableRandom(draw);
    Set<Integer> others = new HashSet<>();
    while (others.size() < CANDIDATES - 1) {
      int other = random.nextInt(data.size());
      if (other != right && others.add(other)) {
        float[] features = features(data.picture(other, Background.WHITE.ordinal()));
        if (distance(image, features) <= best) {
          return false;
        }
      }
    }
    return true;
  }

  private float[] features(Picture picture) {
    try (GradMode mode = GradMode.off();
        Scope scope = Scope.open()) {
      NDArray x =
          manager.create(picture.planes(), new Shape(1, 3, picture.height(), picture.width()));
      return network.features(x).toFloatArray();
    }
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      double difference = a[i] - b[i];
      sum += difference * difference;
    }
    return sum;
  }
}
