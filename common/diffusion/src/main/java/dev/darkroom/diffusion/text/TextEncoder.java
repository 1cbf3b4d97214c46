package dev.darkroom.diffusion.text;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Network;
import org.jspecify.annotations.Nullable;

/** Token ids to states: what the pipelines need to know of an encoder. */
public sealed interface TextEncoder extends Network
    permits BertModel, CLIPTextEncoder, T5EncoderModel {

  /**
   * Encodes prompts.
   *
   * @param ids [N, T] int64, each in the vocabulary; T at most {@link #maxPositions}
   * @param attentionMask [N, T], 1 for tokens and 0 for padding, at least one token a row; or null
   *     to attend to all
   * @return states owned by the ids' manager, and by the scope around the call
   */
  TextStates forward(NDArray ids, @Nullable NDArray attentionMask);

  /** Channels of a state. */
  int hiddenSize();

  /** The longest sequence. */
  int maxPositions();

  /** Whether diffusers' pipelines pass the mask of padding to this encoder. */
  boolean useAttentionMask();
}
