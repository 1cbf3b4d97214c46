package dev.darkroom.cli.generate;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.guidance.PerturbedAttentionGuidance;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Guidance by perturbed attention (PAG): the names and meanings of diffusers. */
final class PerturbationOptions {
  private static final String SCALE = "--pag-scale";

  @Option(
      names = SCALE,
      paramLabel = "S",
      description =
          "guide away from what the network makes of the prompt with perturbed self-attention, too;"
              + " 3 is usual, and steps cost half as much again; default 0, which is off")
  private double scale;

  @Option(
      names = "--pag-adaptive-scale",
      paramLabel = "A",
      description =
          "how much --pag-scale falls for each of the 1000 training times that the run goes down;"
              + " default 0, not at all")
  private @Nullable Double adaptiveScale;

  @Option(
      names = "--pag-layers",
      paramLabel = "NAME",
      split = ",",
      description =
          "whose self-attention is perturbed: mid, down_blocks.1, up_blocks.1.attentions.0 or any"
              + " other part of a layer's name, several with commas (a wrong name lists them);"
              + " default mid")
  private @Nullable List<String> layers;

  PerturbedAttentionGuidance guidance() {
    requireScale("--pag-adaptive-scale", adaptiveScale);
    requireScale("--pag-layers", layers);
    return new PerturbedAttentionGuidance(
        scale,
        adaptiveScale == null ? 0 : adaptiveScale,
        layers == null ? PerturbedAttentionGuidance.MIDDLE : layers);
  }

  private void requireScale(String option, @Nullable Object given) {
    if (given != null && scale == 0) {
      throw DiffusionException.badInput(
          "%s: expected a %s above 0 with it, got none".formatted(option, SCALE));
    }
  }
}
