package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.prompt.ComposedPrompt;
import dev.darkroom.diffusion.prompt.EditedPrompt;
import dev.darkroom.diffusion.prompt.PromptSyntax;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The texts of a run, each encoded once, and which of them count at a call. */
final class EncodedTexts {
  private final ComposedPrompt prompt;
  private final EditedPrompt negative;
  private final int steps;
  private final boolean zeros;
  private final Map<String, EncodedText> toward = new HashMap<>();
  private final Map<String, EncodedText> away = new HashMap<>();

  /**
   * @param steps network calls of the run
   * @param guided whether the negative prompt is needed
   */
  EncodedTexts(TextToImage request, int steps, boolean guided, TextEncoding encoding) {
    Prompts asked = request.prompts();
    PromptSyntax syntax = asked.syntax();
    this.prompt = ComposedPrompt.parse(asked.prompt(), syntax);
    String away = Objects.requireNonNullElse(asked.negativePrompt(), "");
    this.negative =
        syntax == PromptSyntax.A1111 ? EditedPrompt.parse(away) : EditedPrompt.fixed(away);
    this.steps = steps;
    this.zeros = encoding.emptyIsZeros() && asked.negativePrompt() == null;
    if (zeros && asked.negativePrompt2() != null) {
      throw DiffusionException.badInput(
          "second negative prompt: expected a negative prompt with it for this model, which has zeros"
              + " for both text encoders where there is none, got none");
    }
    // diffusers skips layers for the prompt alone; the tools whose dialects these are, for both.
    int awaySkip = syntax == PromptSyntax.PLAIN ? 0 : asked.clipSkip();
    for (int step = 1; step <= steps; step++) {
      for (ComposedPrompt.Part part : prompt.parts()) {
        toward.computeIfAbsent(
            part.prompt().at(step, steps),
            text -> encoding.encode(text, asked.prompt2(), syntax, asked.clipSkip()));
      }
      if ((guided || !prompt.isSingle()) && !zeros) {
        this.away.computeIfAbsent(
            negative.at(step, steps),
            text -> encoding.encode(text, asked.negativePrompt2(), syntax, awaySkip));
      }
    }
  }

  /** Network calls of the run. */
  int steps() {
    return steps;
  }

  ComposedPrompt prompt() {
    return prompt;
  }

  /** One for each part of the prompt at a call. */
  List<EncodedText> toward(int step) {
    List<EncodedText> contexts = new ArrayList<>();
    for (ComposedPrompt.Part part : prompt.parts()) {
      contexts.add(toward.get(part.prompt().at(step + 1, steps)));
    }
    return contexts;
  }

  /** The negative prompt at a call. */
  EncodedText away(int step) {
    if (zeros) {
      return toward(step).getFirst().zeros();
    }
    return Objects.requireNonNull(
        away.get(negative.at(step + 1, steps)), "encoded where it is needed");
  }
}
