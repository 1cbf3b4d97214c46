package dev.darkroom.trainer.starter;

import java.util.List;

/**
 * One picture's words.
 *
 * @param code code points in hex joined by dashes, without variation selectors: {@code 1f34e}
 * @param label its one name: "red apple"
 * @param tags other words for it, in the order of the source
 * @param group the source's group, 0 to 9, or -1
 */
record Emoji(String code, String label, List<String> tags, int group) {
  Emoji {
    if (code.isBlank() || label.isBlank()) {
      throw new IllegalArgumentException(
          "emoji: expected a code and a label, got %s and %s".formatted(code, label));
    }
    tags = List.copyOf(tags);
  }
}
