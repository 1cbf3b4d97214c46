package dev.darkroom.diffusion.adapter;

import dev.darkroom.diffusion.nn.LowRank;
import dev.darkroom.diffusion.text.TextualInversion;
import java.util.List;
import java.util.Map;

/**
 * A LoRA that was read for the components of one model.
 *
 * @param changes by component's name, then by layer; owned by the manager it was read into
 * @param embeddings of tokens that were trained along with it
 */
public record LoraWeights(
    Map<String, Map<String, LowRank>> changes, List<TextualInversion> embeddings) {
  public LoraWeights {
    changes = Map.copyOf(changes);
    embeddings = List.copyOf(embeddings);
  }

  /** The changes to one component; empty where there are none. */
  public Map<String, LowRank> of(LoraBase base) {
    return changes.getOrDefault(base.name(), Map.of());
  }
}
