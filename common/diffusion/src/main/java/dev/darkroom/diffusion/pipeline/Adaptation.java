package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.nn.AdaptableLayers;
import dev.darkroom.diffusion.nn.AdaptableLayers.Attached;
import dev.darkroom.diffusion.nn.LowRank;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The adapters of one component, and how strongly each acts on every row. They wait beside it: a
 * component that was offloaded comes back as another network, with the weights of the file, and
 * they are attached to that when it first runs. Thread-safe.
 */
final class Adaptation {
  static final Adaptation NONE = new Adaptation(List.of());

  /**
   * One adapter.
   *
   * @param changes by the names of the component's layers
   */
  record Change(Map<String, LowRank> changes, float strength) {}

  private final List<Change> all;
  private @Nullable AdaptableLayers attachedTo;
  private Map<Attached, Float> strengths = Map.of();

  /**
   * @param all in the order in which they are added, on which the last bits of a sum depend
   */
  Adaptation(List<Change> all) {
    this.all = List.copyOf(all);
  }

  /**
   * What a forward with them needs.
   *
   * @param layers of the network that is in memory now
   */
  Map<Attached, float[]> forRows(AdaptableLayers layers, int rows) {
    if (all.isEmpty()) {
      return Map.of();
    }
    Map<Attached, float[]> forEach = new LinkedHashMap<>();
    attachedTo(layers)
        .forEach(
            (adapter, strength) -> {
              float[] same = new float[rows];
              Arrays.fill(same, strength);
              forEach.put(adapter, same);
            });
    return forEach;
  }

  /** The layers of a network that is gone took what was attached to them with them. */
  private synchronized Map<Attached, Float> attachedTo(AdaptableLayers layers) {
    if (layers != attachedTo) {
      Map<Attached, Float> attached = new LinkedHashMap<>();
      all.forEach(each -> attached.put(layers.attach(each.changes()), each.strength()));
      strengths = attached;
      attachedTo = layers;
    }
    return strengths;
  }
}
