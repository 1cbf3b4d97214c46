package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.ObjectTokens;
import dev.darkroom.diffusion.nn.Weights;
import java.util.ArrayList;
import java.util.List;

/** The tokens that gated transformers attend to, of objects in boxes. */
final class PositionNet {
  private final List<ObjectTokens> kinds = new ArrayList<>();

  /**
   * @param weights at {@code position_net}
   * @param channels of what says what an object is, and of a token
   */
  PositionNet(Weights weights, AttentionType type, int channels) {
    NDArray absentBox = ObjectTokens.absentBox(weights);
    List<ObjectTokens.Kind> told =
        switch (type) {
          case DEFAULT -> List.of();
          case GATED -> List.of(ObjectTokens.Kind.TEXT_ALONE);
          case GATED_TEXT_IMAGE -> List.of(ObjectTokens.Kind.TEXT, ObjectTokens.Kind.IMAGE);
        };
    for (ObjectTokens.Kind kind : told) {
      kinds.add(new ObjectTokens(weights, kind, absentBox, channels, channels));
    }
  }

  /**
   * @return [N, M, D], or all of the texts and behind them all of the pictures
   */
  NDArray forward(Conditions.Grounding grounding) {
    List<NDArray> tokens = new ArrayList<>();
    for (int i = 0; i < kinds.size(); i++) {
      Conditions.Grounding.Meaning meaning = grounding.meanings().get(i);
      tokens.add(
          kinds
              .get(i)
              .forward(
                  grounding.boxes(), grounding.masks(), meaning.embeddings(), meaning.masks()));
    }
    return tokens.size() == 1 ? tokens.getFirst() : tokens.getFirst().concat(tokens.getLast(), 1);
  }
}
