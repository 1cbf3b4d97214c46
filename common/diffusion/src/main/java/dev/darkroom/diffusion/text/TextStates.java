package dev.darkroom.diffusion.text;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a text encoder makes of a batch of prompts.
 *
 * @param last [N, T, C], {@code last_hidden_state}: behind the final norm, where there is one
 * @param hiddenStates [N, T, C] each: the embeddings, then every layer's output, as transformers
 *     lists them; CLIP's last one lacks the final norm, T5's has it
 * @param pooled [N, C], one state for the whole text, or null for an encoder without one
 * @param projected [N, P], {@code text_embeds}, or null for an encoder without a projection
 */
public record TextStates(
    NDArray last,
    List<NDArray> hiddenStates,
    @Nullable NDArray pooled,
    @Nullable NDArray projected) {
  public TextStates {
    hiddenStates = List.copyOf(hiddenStates);
  }
}
