package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.prompt.PromptSyntax;
import org.jspecify.annotations.Nullable;

/**
 * The texts of a request.
 *
 * @param negativePrompt what to move away from, where guidance is on; null is none: the empty text,
 *     or zeros for a model whose {@code force_zeros_for_empty_prompt} says so
 * @param prompt2 for the second text encoder of a model with two; null or, as diffusers has it,
 *     empty for the same
 * @param negativePrompt2 the same of the negative prompt
 * @param syntax how they are read
 * @param clipSkip layers of a CLIP text encoder to leave out at the end, as diffusers counts: for
 *     Stable Diffusion 1 and 2, 1 is the penultimate layer, A1111's 2; XL counts from there
 */
public record Prompts(
    String prompt,
    @Nullable String negativePrompt,
    @Nullable String prompt2,
    @Nullable String negativePrompt2,
    PromptSyntax syntax,
    int clipSkip) {
  public Prompts {
    prompt2 = orNull(prompt2);
    negativePrompt2 = orNull(negativePrompt2);
  }

  private static @Nullable String orNull(@Nullable String text) {
    return text == null || text.isEmpty() ? null : text;
  }

  /** The same negative prompt for both text encoders of a model with two. */
  public Prompts(
      String prompt,
      @Nullable String negativePrompt,
      @Nullable String prompt2,
      PromptSyntax syntax,
      int clipSkip) {
    this(prompt, negativePrompt, prompt2, null, syntax, clipSkip);
  }

  /** Plain texts, encoded by all layers. */
  public static Prompts plain(String prompt, @Nullable String negativePrompt) {
    return new Prompts(prompt, negativePrompt, null, null, PromptSyntax.PLAIN, 0);
  }
}
