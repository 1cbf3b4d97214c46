package dev.darkroom.diffusion.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;

/**
 * The tokenizers of transformers that are supported. Each is brought to the form of the tokenizers
 * library, whichever files the folder holds.
 */
enum TokenizerClass {
  BERT("BertTokenizer", "[PAD]"),
  CLIP("CLIPTokenizer", "<|endoftext|>"),
  T5("T5Tokenizer", "<pad>");

  private final String className;
  private final String padToken;

  TokenizerClass(String className, String padToken) {
    this.className = className;
    this.padToken = padToken;
  }

  /** What pads where the folder does not say. */
  String padToken() {
    return padToken;
  }

  static TokenizerClass of(TokenizerFolder folder) {
    JsonNode named = folder.config().path("tokenizer_class");
    if (!named.isTextual()) {
      return byFiles(folder);
    }
    for (TokenizerClass each : values()) {
      if (named.textValue().equals(each.className)
          || named.textValue().equals(each.className + "Fast")) {
        return each;
      }
    }
    throw DiffusionException.badCheckpoint(
        "%s: tokenizer_class is %s, expected BertTokenizer, CLIPTokenizer or T5Tokenizer; no other is supported yet"
            .formatted(folder.folder(), named.textValue()));
  }

  private static TokenizerClass byFiles(TokenizerFolder folder) {
    if (folder.has(TokenizerFolder.TOKENIZER)) {
      String model = folder.json(TokenizerFolder.TOKENIZER).path("model").path("type").asText();
      return model.equals("BPE") ? CLIP : model.equals("Unigram") ? T5 : BERT;
    }
    return folder.pairs() != null || folder.has("vocab.json")
        ? CLIP
        : folder.has("spiece.model") ? T5 : BERT;
  }

  /**
   * {@code tokenizer.json} as the class would write it.
   *
   * @throws DiffusionException if the folder lacks the files for it
   */
  ObjectNode tokenizerJson(TokenizerFolder folder) {
    return switch (this) {
      case BERT -> BertTokenizerJson.of(folder);
      case CLIP -> ClipTokenizerJson.of(folder);
      case T5 -> T5TokenizerJson.of(folder);
    };
  }
}
