package dev.darkroom.diffusion.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The files of a tokenizer.
 *
 * @param config {@code tokenizer_config.json}
 * @param specials {@code special_tokens_map.json}, empty where it is absent or says nothing
 * @param pairs what stands in for all other files; null for those of the folder
 */
record TokenizerFolder(
    Path folder, ObjectNode config, ObjectNode specials, @Nullable BytePairs pairs) {
  /**
   * A vocabulary has 50,000 names, each of them once: none is worth a place in a table of names.
   */
  static final ObjectMapper JSON =
      new ObjectMapper(
          JsonFactory.builder()
              .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
              .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
              .build());

  private static final long MAX_BYTES = 64 << 20;

  static final String TOKENIZER = "tokenizer.json";

  static TokenizerFolder read(Path folder) {
    ObjectNode config = json(folder.resolve("tokenizer_config.json"));
    Path map = folder.resolve("special_tokens_map.json");
    boolean older = isOlder(config) && Files.isRegularFile(map);
    return new TokenizerFolder(folder, config, older ? json(map) : JSON.createObjectNode(), null);
  }

  /**
   * @param place what errors call it
   */
  static TokenizerFolder of(Path place, ObjectNode config, ObjectNode specials, BytePairs pairs) {
    ObjectNode older = isOlder(config) ? specials : JSON.createObjectNode();
    return new TokenizerFolder(place, config, older, pairs);
  }

  /** transformers reads the older map of special tokens only where the config lists no tokens. */
  private static boolean isOlder(ObjectNode config) {
    return !config.has("added_tokens_decoder");
  }

  boolean has(String file) {
    return pairs == null && Files.isRegularFile(folder.resolve(file));
  }

  ObjectNode json(String file) {
    return json(folder.resolve(file));
  }

  String text(String file) {
    return text(folder.resolve(file));
  }

  byte[] bytes(String file) {
    return bytes(folder.resolve(file));
  }

  /** The name of a special token; what the folder says, else the class's own. */
  String specialToken(String name, String otherwise) {
    JsonNode token = special(name);
    return token.isObject() ? token.path("content").asText(otherwise) : token.asText(otherwise);
  }

  /** A special token as the folder has it: a name, an object with its properties, or missing. */
  JsonNode special(String name) {
    return specials.hasNonNull(name) ? specials.get(name) : config.path(name);
  }

  private static ObjectNode json(Path file) {
    try {
      if (JSON.readTree(text(file)) instanceof ObjectNode object) {
        return object;
      }
      throw DiffusionException.badCheckpoint(file + ": expected a JSON object");
    } catch (JsonProcessingException e) {
      throw DiffusionException.badCheckpoint(
          file + ": expected JSON, got: " + e.getOriginalMessage(), e);
    }
  }

  private static String text(Path file) {
    try {
      requireReadable(file);
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw DiffusionException.badCheckpoint(file + ": expected UTF-8 text, got other bytes", e);
    } catch (IOException e) {
      throw DiffusionException.badCheckpoint(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static byte[] bytes(Path file) {
    try {
      requireReadable(file);
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw DiffusionException.badCheckpoint(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static void requireReadable(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw DiffusionException.badCheckpoint(
          "%s: no such file; a tokenizer is a folder with tokenizer_config.json and tokenizer.json, vocab.txt, vocab.json with merges.txt, or spiece.model"
              .formatted(file));
    }
    if (Files.size(file) > MAX_BYTES) {
      throw DiffusionException.badCheckpoint(
          "%s: expected at most %d bytes, got %d".formatted(file, MAX_BYTES, Files.size(file)));
    }
  }
}
