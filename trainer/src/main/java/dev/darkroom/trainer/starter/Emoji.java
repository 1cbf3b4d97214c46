package dev.darkroom.trainer.starter;

import java.util.List;

/**
 * One picture's words.
 *
 * @param code code points in hex joined by dashes, without variation selectors: {@code 1f34e}
 * @param label its one name: "red apple"
 * @param tags other words for it, in the order of the source
 * @param synonyms of the label, from the dictionary; none where it does not have it
 * @param kinds what it is one of, the nearest first: "edible fruit", "fruit"; or none
 * @param colours the one or two that most of its picture is of; or none
 * @param definition "fruit with red or yellow or green skin and ..."; empty where there is none
 * @param group the source's group, 0 to 9, or -1
 */
record Emoji(
    String code,
    String label,
    List<String> tags,
    List<String> synonyms,
    List<String> kinds,
    List<String> colours,
    String definition,
    int group) {
  Emoji {
    if (code.isBlank() || label.isBlank()) {
      throw new IllegalArgumentException(
          "emoji: expected a code and a label, got %s and %s".formatted(code, label));
    }
    tags = List.copyOf(tags);
    synonyms = List.copyOf(synonyms);
    kinds = List.copyOf(kinds);
    colours = List.copyOf(colours);
  }

  Emoji in(List<String> colours) {
    return new Emoji(code, label, tags, synonyms, kinds, colours, definition, group);
  }
}
