package dev.darkroom.worker.model;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.function.Function;

/**
 * Encoded prompts, the last used of them: the negative prompt is nearly always the same, and
 * prompts come in series.
 */
final class PromptCache {
  private static final int MAX_FLOATS = 4 << 20;

  private final Function<String, float[]> encoder;
  private final LinkedHashMap<String, float[]> states = new LinkedHashMap<>(16, 0.75f, true);
  private int floats;

  PromptCache(Function<String, float[]> encoder) {
    this.encoder = encoder;
  }

  float[] get(String prompt) {
    synchronized (states) {
      float[] known = states.get(prompt);
      if (known != null) {
        return known;
      }
    }
    float[] encoded = encoder.apply(prompt);
    synchronized (states) {
      if (states.putIfAbsent(prompt, encoded) == null) {
        floats += encoded.length;
      }
      Iterator<float[]> oldest = states.values().iterator();
      while (floats > MAX_FLOATS && states.size() > 1) {
        floats -= oldest.next().length;
        oldest.remove();
      }
    }
    return encoded;
  }
}
