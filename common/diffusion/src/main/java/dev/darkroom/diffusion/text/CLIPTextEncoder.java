package dev.darkroom.diffusion.text;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Adaptable;
import org.jspecify.annotations.Nullable;

/** Both of CLIP's text models. */
public sealed interface CLIPTextEncoder extends TextEncoder, Adaptable
    permits CLIPTextModel, CLIPTextModelWithProjection {

  CLIPTextConfig config();

  /**
   * Encodes prompts that hold tokens of the caller's, as textual inversion learns them. Gradients
   * flow to their embeddings.
   *
   * @param addedEmbeddings [E, C]: row e is what the id {@code vocabSize + e} stands for; or null
   */
  TextStates forward(
      NDArray ids, @Nullable NDArray attentionMask, @Nullable NDArray addedEmbeddings);

  @Override
  default TextStates forward(NDArray ids, @Nullable NDArray attentionMask) {
    return forward(ids, attentionMask, null);
  }

  /**
   * The final norm over the states of any layer.
   *
   * @param states [N, T, C]
   * @return [N, T, C]
   */
  NDArray finalNorm(NDArray states);

  @Override
  default int hiddenSize() {
    return config().hiddenSize();
  }

  @Override
  default int maxPositions() {
    return config().maxPositionEmbeddings();
  }

  @Override
  default boolean useAttentionMask() {
    return config().useAttentionMask();
  }
}
