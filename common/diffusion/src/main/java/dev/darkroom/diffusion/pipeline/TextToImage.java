package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import dev.darkroom.diffusion.guidance.PerturbedAttentionGuidance;
import dev.darkroom.diffusion.image.Resampling;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.diffusion.prompt.PromptSyntax;
import dev.darkroom.diffusion.sampler.SamplerType;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of a text-to-image model; the noise is asked for apart.
 *
 * @param width pixels, a multiple of the model's factor
 * @param guidance for a model that was distilled with guidance, its scale is what the network is
 *     told
 * @param perturbed guidance beside it, away from what the network predicts with perturbed attention
 * @param micro for Stable Diffusion XL
 */
public record TextToImage(
    Prompts prompts,
    int width,
    int height,
    Sampling sampling,
    ClassifierFreeGuidance guidance,
    PerturbedAttentionGuidance perturbed,
    MicroConditioning micro)
    implements Request {
  /**
   * Of a side; more does not fit the memory of any machine this runs on, and sizes must not
   * overflow.
   */
  public static final int MAX_SIDE = 8192;

  public TextToImage {
    requireSize(width, height);
  }

  static void requireSize(int width, int height) {
    if (width < 1 || width > MAX_SIDE || height < 1 || height > MAX_SIDE) {
      throw DiffusionException.badInput(
          "size: expected width and height of 1 to %d, got %d x %d"
              .formatted(MAX_SIDE, width, height));
    }
  }

  /** Plain prompts, encoded by all layers; the whole of a run. */
  public TextToImage(
      String prompt,
      @Nullable String negativePrompt,
      int width,
      int height,
      @Nullable SamplerType sampler,
      int steps,
      ClassifierFreeGuidance guidance,
      double eta) {
    this(
        Prompts.plain(prompt, negativePrompt),
        width,
        height,
        Sampling.of(sampler, steps, eta),
        guidance,
        PerturbedAttentionGuidance.OFF,
        MicroConditioning.DEFAULT);
  }

  @Override
  public TextToImage text() {
    return this;
  }

  /** A picture of this size, resized by Lanczos. */
  RgbImage fitted(RgbImage image) {
    return Resampling.LANCZOS.resize(image, width, height);
  }

  /** A picture of half this size, resized as a doubled one is before. */
  RgbImage halfAsLarge(RgbImage image) {
    return Resampling.BICUBIC.resize(image, width / 2, height / 2);
  }

  /** The same, its prompts read and encoded in another way. */
  public TextToImage reading(PromptSyntax syntax, int clipSkip) {
    return with(
        new Prompts(
            prompts.prompt(),
            prompts.negativePrompt(),
            prompts.prompt2(),
            prompts.negativePrompt2(),
            syntax,
            clipSkip));
  }

  /** The same with other texts. */
  public TextToImage with(Prompts others) {
    return new TextToImage(others, width, height, sampling, guidance, perturbed, micro);
  }

  /** The same, sampled in another way. */
  public TextToImage with(Sampling other) {
    return new TextToImage(prompts, width, height, other, guidance, perturbed, micro);
  }

  /** The same with other conditions of Stable Diffusion XL. */
  public TextToImage with(MicroConditioning other) {
    return new TextToImage(prompts, width, height, sampling, guidance, perturbed, other);
  }

  /** The same with other guidance by perturbed attention. */
  public TextToImage with(PerturbedAttentionGuidance other) {
    return new TextToImage(prompts, width, height, sampling, guidance, other, micro);
  }
}
