package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.nn.AdaptableLayers.Attached;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** The adapters of one component, and how strongly each acts on every row. */
record Strengths(Map<Attached, Float> each) {
  static final Strengths NONE = new Strengths(Map.of());

  Strengths {
    // Their order is kept: the last bits of a sum depend on it.
    each = Collections.unmodifiableMap(new LinkedHashMap<>(each));
  }

  Map<Attached, float[]> forRows(int rows) {
    Map<Attached, float[]> all = new LinkedHashMap<>();
    each.forEach(
        (adapter, strength) -> {
          float[] strengths = new float[rows];
          Arrays.fill(strengths, strength);
          all.put(adapter, strengths);
        });
    return all;
  }
}
