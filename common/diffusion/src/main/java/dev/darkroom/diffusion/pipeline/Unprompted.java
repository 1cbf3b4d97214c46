package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.guidance.ClassifierFreeGuidance;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of a model that reads no text.
 *
 * @param width pixels, a multiple of the model's factor
 * @param classLabel of a model with classes, from 0; else null
 * @param guidance away from the last class, which stands for none; 1 is off
 */
public record Unprompted(
    int width,
    int height,
    @Nullable Integer classLabel,
    Sampling sampling,
    ClassifierFreeGuidance guidance) {
  public Unprompted {
    TextToImage.requireSize(width, height);
  }
}
