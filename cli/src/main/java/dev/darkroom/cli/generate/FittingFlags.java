package dev.darkroom.cli.generate;

import dev.darkroom.diffusion.DiffusionException;
import java.util.Set;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** Which flags only one kind of model takes: the other kind refuses them by name. */
final class FittingFlags {
  private static final Set<String> OF_TEXT =
      Set.of(
          "--prompt",
          "--negative-prompt",
          "--prompt-2",
          "--negative-prompt-2",
          "--prompt-syntax",
          "--clip-skip",
          "--pag-scale",
          "--pag-adaptive-scale",
          "--pag-layers",
          "--denoising-start",
          "--denoising-end",
          "--original-size",
          "--target-size",
          "--crop-top",
          "--crop-left",
          "--aesthetic-score",
          "--negative-aesthetic-score",
          "--image",
          "--strength",
          "--mask-image",
          "--padding-mask-crop",
          "--paste-back",
          "--pad-left",
          "--pad-top",
          "--pad-right",
          "--pad-bottom",
          "--depth-image",
          "--image-guidance-scale",
          "--noise-level",
          "--embedding",
          "--lora",
          "--control",
          "--guess-mode");
  private static final String PROMPT = "--prompt";
  private static final String CLASS = "--class";

  private FittingFlags() {}

  /**
   * @param readsText whether the model is conditioned on a text
   * @throws DiffusionException naming the first flag that does not fit, or that is needed
   */
  static void check(ParseResult given, boolean readsText) {
    if (readsText) {
      if (given.hasMatchedOption(CLASS)) {
        throw DiffusionException.badInput(
            "--class: expected none for a model that is conditioned on a text, got one; say it with"
                + " --prompt");
      }
      if (!given.hasMatchedOption(PROMPT)) {
        throw DiffusionException.badInput(
            "--prompt: expected a text, which this model is conditioned on, got none");
      }
      return;
    }
    for (OptionSpec option : given.matchedOptions()) {
      if (OF_TEXT.contains(option.longestName())) {
        throw DiffusionException.badInput(
            "%s: expected none for a model that is not conditioned on a text, got some; leave it out"
                .formatted(option.longestName()));
      }
    }
  }
}
