package dev.darkroom.diffusion.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToIntFunction;

/**
 * The tokens that are found in a text before anything else, in the order in which transformers 5
 * adds them: those that the folder lists, by their ids; then the special ones that it names.
 * Whether a token is special because it pads matters: a "!" that pads is found in every text.
 */
final class AddedTokens {
  /** transformers' order. */
  private static final List<String> NAMES =
      List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token");

  private final Map<String, ObjectNode> byContent = new LinkedHashMap<>();

  /**
   * @param defaults the class's own names of special tokens, such as {@code bos_token}
   */
  AddedTokens(TokenizerFolder folder, Map<String, String> defaults) {
    Map<Integer, ObjectNode> listed = new TreeMap<>();
    JsonNode decoder = folder.config().path("added_tokens_decoder");
    if (decoder.isObject()) {
      decoder
          .properties()
          .forEach(
              field -> listed.put(Integer.valueOf(field.getKey()), token(field.getValue(), false)));
    } else {
      if (folder.has("added_tokens.json")) {
        for (Map.Entry<String, JsonNode> field : folder.json("added_tokens.json").properties()) {
          ObjectNode token = named(field.getKey(), isSpecial(folder, defaults, field.getKey()));
          listed.put(field.getValue().intValue(), token);
        }
      }
      if (folder.has(TokenizerFolder.TOKENIZER)) {
        for (JsonNode each : folder.json(TokenizerFolder.TOKENIZER).path("added_tokens")) {
          listed.put(each.path("id").intValue(), token(each, false));
        }
      }
    }
    listed.values().forEach(this::add);
    Set<String> known = Set.copyOf(byContent.keySet());
    for (String name : NAMES) {
      if (known.contains(folder.specialToken(name, defaults.getOrDefault(name, "")))) {
        continue;
      }
      JsonNode token = folder.special(name);
      if (token.isMissingNode() && defaults.containsKey(name)) {
        replace(named(defaults.get(name), true));
      } else if (token.isTextual()) {
        replace(named(token.textValue(), true));
      } else if (token.isObject()) {
        replace(token(token, true));
      }
    }
  }

  /** More special tokens, in order; those that are there already stay as they are. */
  void addSpecial(List<String> contents) {
    contents.forEach(content -> add(named(content, true)));
  }

  /**
   * The list as {@code tokenizer.json} has it.
   *
   * @param vocabulary the id of a token of the model, or -1
   * @param size of the model's vocabulary: tokens that it lacks come behind it
   */
  ArrayNode toJson(ToIntFunction<String> vocabulary, int size) {
    ArrayNode array = TokenizerFolder.JSON.createArrayNode();
    int next = size;
    for (ObjectNode token : byContent.values()) {
      int id = vocabulary.applyAsInt(token.get("content").textValue());
      array.add(token.put("id", id < 0 ? next++ : id));
    }
    return array;
  }

  /** Adds tokens that are not special behind all others; transformers' {@code add_tokens}. */
  static void append(ObjectNode json, List<String> names) {
    int next = json.path("model").path("vocab").size();
    ArrayNode array = json.withArray("added_tokens");
    for (JsonNode token : array) {
      next = Math.max(next, token.path("id").intValue() + 1);
    }
    for (String name : names) {
      array.add(named(name, false).put("id", next++));
    }
  }

  private void add(ObjectNode token) {
    byContent.putIfAbsent(token.get("content").textValue(), token);
  }

  /** A token that is named twice is what its last name says. */
  private void replace(ObjectNode token) {
    byContent.put(token.get("content").textValue(), token);
  }

  private static boolean isSpecial(
      TokenizerFolder folder, Map<String, String> defaults, String content) {
    return NAMES.stream()
        .anyMatch(
            name -> folder.specialToken(name, defaults.getOrDefault(name, "")).equals(content));
  }

  /** A special token is matched in the text as it came, another one in the normalised text. */
  private static ObjectNode named(String content, boolean special) {
    return token(TokenizerFolder.JSON.createObjectNode().put("content", content), special);
  }

  private static ObjectNode token(JsonNode from, boolean special) {
    boolean isSpecial = special || from.path("special").asBoolean(false);
    return TokenizerFolder.JSON
        .createObjectNode()
        .put("id", 0)
        .put("content", from.path("content").asText())
        .put("single_word", from.path("single_word").asBoolean(false))
        .put("lstrip", from.path("lstrip").asBoolean(false))
        .put("rstrip", from.path("rstrip").asBoolean(false))
        .put("normalized", from.path("normalized").asBoolean(!isSpecial))
        .put("special", isSpecial);
  }
}
