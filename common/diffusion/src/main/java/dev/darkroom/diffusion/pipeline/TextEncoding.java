package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.adapter.LoraBase;
import dev.darkroom.diffusion.prompt.PromptSyntax;
import dev.darkroom.diffusion.text.TextualInversion;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The text side of a model: one encoder, or two whose states stand beside each other. */
sealed interface TextEncoding extends AutoCloseable permits PromptEncoder, DualPromptEncoder {

  /**
   * The states of a prompt's tokens.
   *
   * @param prompt2 for a second encoder; null for the same
   * @param clipSkip layers to leave out at the end, as diffusers counts: 0 is none
   */
  EncodedText encode(String prompt, @Nullable String prompt2, PromptSyntax syntax, int clipSkip);

  /** Whether an empty negative prompt is zeros, not the encoded empty text. */
  boolean emptyIsZeros();

  /** Tokens of a chunk. */
  int length();

  /** Channels of a token's state. */
  int channels();

  /** Channels of a text's one state; 0 for none. */
  int pooledChannels();

  /** The same, with embeddings of textual inversion; closing either closes both. */
  TextEncoding with(List<TextualInversion> inversions);

  /** The encoders that a LoRA may change. */
  List<LoraBase> loraBases();

  /**
   * The same with adapters; closing either closes both.
   *
   * @param adaptations one for each of {@link #loraBases}
   */
  TextEncoding adapted(List<Adaptation> adaptations);

  @Override
  void close();
}
