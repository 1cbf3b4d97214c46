package dev.darkroom.trainer.starter;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The kind of thing that each subgroup of the words' source holds, as one would ask for one of it.
 * The numbers are those of Unicode's {@code emoji-test.txt} in emojibase's {@code messages.json}.
 */
final class Kinds {
  private static final Map<Integer, String> NOUNS = new HashMap<>();

  static {
    for (int face = 0; face <= 10; face++) {
      NOUNS.put(face, "face");
    }
    NOUNS.put(11, "creature");
    NOUNS.put(12, "cat");
    NOUNS.put(13, "monkey");
    NOUNS.put(14, "heart");
    NOUNS.put(34, "animal");
    NOUNS.put(35, "bird");
    NOUNS.put(36, "amphibian");
    NOUNS.put(37, "reptile");
    NOUNS.put(38, "sea animal");
    NOUNS.put(39, "insect");
    NOUNS.put(40, "flower");
    NOUNS.put(41, "plant");
    NOUNS.put(42, "fruit");
    NOUNS.put(43, "vegetable");
    NOUNS.put(44, "dish");
    NOUNS.put(45, "asian dish");
    NOUNS.put(46, "sweet");
    NOUNS.put(47, "drink");
    NOUNS.put(48, "piece of tableware");
    NOUNS.put(50, "landscape");
    NOUNS.put(51, "building");
    NOUNS.put(52, "temple");
    NOUNS.put(53, "place");
    NOUNS.put(54, "vehicle");
    NOUNS.put(55, "boat");
    NOUNS.put(56, "aircraft");
    NOUNS.put(58, "clock");
    NOUNS.put(59, "sky");
    NOUNS.put(60, "decoration");
    NOUNS.put(61, "medal");
    NOUNS.put(62, "sport");
    NOUNS.put(63, "game");
    NOUNS.put(65, "piece of clothing");
    NOUNS.put(68, "musical instrument");
    NOUNS.put(69, "phone");
    NOUNS.put(70, "device");
    NOUNS.put(71, "device");
    NOUNS.put(72, "book");
    NOUNS.put(73, "money");
    NOUNS.put(74, "mail");
    NOUNS.put(75, "pen");
    NOUNS.put(76, "office thing");
    NOUNS.put(78, "tool");
    NOUNS.put(79, "scientific instrument");
    NOUNS.put(80, "medical thing");
    NOUNS.put(81, "household thing");
    NOUNS.put(83, "sign");
    NOUNS.put(84, "warning sign");
    NOUNS.put(85, "arrow");
    NOUNS.put(86, "religious symbol");
    NOUNS.put(87, "zodiac sign");
    NOUNS.put(88, "button");
    NOUNS.put(94, "key");
    NOUNS.put(95, "button");
    NOUNS.put(96, "shape");
    NOUNS.put(97, "flag");
    NOUNS.put(98, "flag");
    NOUNS.put(99, "flag");
  }

  private Kinds() {}

  /**
   * @param subgroup emojibase's, 0 to 99, or anything else
   * @return one noun, or nothing where what a subgroup holds has no one name
   */
  static List<String> of(int subgroup) {
    String noun = NOUNS.get(subgroup);
    return noun == null ? List.of() : List.of(noun);
  }
}
