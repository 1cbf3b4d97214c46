package dev.darkroom.trainer.starter;

import dev.darkroom.trainer.data.Draw;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Writes a caption anew each time a picture is drawn: its label, with or without an article, with
 * some of its tags, some tags alone, its colours and its kind, or the dictionary's words for it, so
 * that the model hears many ways to ask for one thing.
 */
final class CaptionWriter {
  /** Share of draws on white; the rest is spread evenly over the colours. */
  private static final double WHITE_SHARE = 0.6;

  /** White goes without saying, mostly. */
  private static final double WHITE_SAID = 0.1;

  private static final int MOST_TAGS = 5;

  /** Share of the dictionary's words where it has any. */
  private static final double DESCRIBED = 0.3;

  /** Share of "a red and white fruit" where colours and kinds are known. */
  private static final double SEEN = 0.3;

  /** In words; the text encoder takes 24 tokens, and a background's colour still has to fit in. */
  private static final int LONGEST_DESCRIPTION = 14;

  private static final int SHORTEST_DESCRIPTION = 5;

  private CaptionWriter() {}

  static Background background(Draw draw) {
    SplittableRandom random = draw.random(Draw.Purpose.VARIANT);
    if (random.nextDouble() < WHITE_SHARE) {
      return Background.WHITE;
    }
    return Background.values()[1 + random.nextInt(Background.values().length - 1)];
  }

  static String caption(Emoji emoji, Background background, Draw draw) {
    SplittableRandom random = draw.random(Draw.Purpose.CAPTION);
    String words = words(emoji, random);
    boolean said = background != Background.WHITE || random.nextDouble() < WHITE_SAID;
    return said ? words + background.words() : words;
  }

  private static String words(Emoji emoji, SplittableRandom random) {
    if (!emoji.definition().isEmpty() && random.nextDouble() < DESCRIBED) {
      return described(emoji, random);
    }
    if (!emoji.colours().isEmpty() && !emoji.kinds().isEmpty() && random.nextDouble() < SEEN) {
      return seen(emoji, random);
    }
    String label = label(emoji, random);
    double form = random.nextDouble();
    if (form < 0.35 || emoji.tags().isEmpty()) {
      return label;
    }
    if (form < 0.55) {
      return withArticle(label);
    }
    if (form < 0.8) {
      return label + ", " + String.join(", ", someTags(emoji, random));
    }
    return String.join(random.nextBoolean() ? " " : ", ", someTags(emoji, random));
  }

  /** What it is, whole or only the beginning, or another name for it. */
  private static String described(Emoji emoji, SplittableRandom random) {
    double form = random.nextDouble();
    if (form < 0.2 && !emoji.synonyms().isEmpty()) {
      return withArticle(emoji.synonyms().get(random.nextInt(emoji.synonyms().size())));
    }
    String[] words = emoji.definition().split(" ");
    int least = Math.min(SHORTEST_DESCRIPTION, words.length);
    int most = Math.min(LONGEST_DESCRIPTION, words.length);
    int count = form < 0.6 ? most : least + random.nextInt(most - least + 1);
    return String.join(" ", List.of(words).subList(0, count));
  }

  /** Its colours, and what it is or is one of, half the time with a tag or two. */
  private static String seen(Emoji emoji, SplittableRandom random) {
    List<String> colours = emoji.colours();
    String colour = random.nextBoolean() ? colours.getFirst() : String.join(" and ", colours);
    List<String> nouns = new ArrayList<>(emoji.kinds());
    nouns.addAll(emoji.synonyms());
    nouns.add(label(emoji, random));
    String words = withArticle(colour + " " + nouns.get(random.nextInt(nouns.size())));
    if (emoji.tags().isEmpty() || random.nextBoolean()) {
      return words;
    }
    String tag = emoji.tags().get(random.nextInt(emoji.tags().size()));
    return words + (random.nextBoolean() ? " with " : ", ") + tag;
  }

  /** "flag: France" is a catalogue's way; people say "flag of France". */
  private static String label(Emoji emoji, SplittableRandom random) {
    String label = emoji.label();
    if (!label.startsWith("flag: ")) {
      return label;
    }
    String place = label.substring("flag: ".length());
    double form = random.nextDouble();
    return form < 0.5 ? "flag of " + place : form < 0.8 ? place + " flag" : label;
  }

  private static String withArticle(String label) {
    return ("aeiouAEIOU".indexOf(label.charAt(0)) >= 0 ? "an " : "a ") + label;
  }

  /** Between two (or all, if fewer) and five tags, in a random order. */
  private static List<String> someTags(Emoji emoji, SplittableRandom random) {
    List<String> left = new ArrayList<>(emoji.tags());
    int least = Math.min(2, left.size());
    int most = Math.min(MOST_TAGS, left.size());
    int count = least + random.nextInt(most - least + 1);
    List<String> some = new ArrayList<>(count);
    while (some.size() < count) {
      some.add(left.remove(random.nextInt(left.size())));
    }
    return some;
  }
}
