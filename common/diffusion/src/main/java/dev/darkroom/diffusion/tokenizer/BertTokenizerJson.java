package dev.darkroom.diffusion.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import java.util.List;

/** BERT's WordPiece: {@code tokenizer.json} as it is, or made of {@code vocab.txt}. */
final class BertTokenizerJson {
  private BertTokenizerJson() {}

  static ObjectNode of(TokenizerFolder folder) {
    if (folder.has(TokenizerFolder.TOKENIZER)) {
      return folder.json(TokenizerFolder.TOKENIZER);
    }
    if (folder.has("vocab.txt")) {
      return ofVocabulary(folder);
    }
    throw DiffusionException.badCheckpoint(
        folder.folder() + ": expected tokenizer.json or vocab.txt, found neither");
  }

  private static ObjectNode ofVocabulary(TokenizerFolder folder) {
    ObjectNode root = TokenizerFolder.JSON.createObjectNode().put("version", "1.0");
    root.putNull("truncation").putNull("padding");
    ObjectNode vocabulary = TokenizerFolder.JSON.createObjectNode();
    int id = 0;
    for (String token : folder.text("vocab.txt").split("\n", -1)) {
      String stripped = token.endsWith("\r") ? token.substring(0, token.length() - 1) : token;
      vocabulary.put(stripped, id++);
    }
    vocabulary.remove(""); // what follows the last line's end
    String unknown = folder.specialToken("unk_token", "[UNK]");
    String separator = folder.specialToken("sep_token", "[SEP]");
    String classifier = folder.specialToken("cls_token", "[CLS]");
    ArrayNode added = root.putArray("added_tokens");
    for (String special :
        List.of(
            folder.specialToken("pad_token", "[PAD]"),
            unknown,
            classifier,
            separator,
            folder.specialToken("mask_token", "[MASK]"))) {
      if (!vocabulary.has(special)) {
        throw DiffusionException.badCheckpoint(
            "%s: expected the token %s in vocab.txt, found none"
                .formatted(folder.folder(), special));
      }
      added
          .addObject()
          .put("id", vocabulary.get(special).intValue())
          .put("content", special)
          .put("single_word", false)
          .put("lstrip", false)
          .put("rstrip", false)
          .put("normalized", false)
          .put("special", true);
    }
    ObjectNode normalizer =
        root.putObject("normalizer").put("type", "BertNormalizer").put("clean_text", true);
    normalizer.put(
        "handle_chinese_chars", folder.config().path("tokenize_chinese_chars").asBoolean(true));
    normalizer.set("strip_accents", folder.config().get("strip_accents"));
    normalizer.put("lowercase", folder.config().path("do_lower_case").asBoolean(true));
    root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    ObjectNode template = root.putObject("post_processor").put("type", "TemplateProcessing");
    template
        .putArray("single")
        .add(special(classifier))
        .add(sequence("A", 0))
        .add(special(separator));
    template
        .putArray("pair")
        .add(special(classifier))
        .add(sequence("A", 0))
        .add(special(separator))
        .add(sequence("B", 1));
    ObjectNode specials = template.putObject("special_tokens");
    for (String each : List.of(classifier, separator)) {
      ObjectNode entry = specials.putObject(each).put("id", each);
      entry.putArray("ids").add(vocabulary.get(each).intValue());
      entry.putArray("tokens").add(each);
    }
    ObjectNode model = root.putObject("model").put("type", "WordPiece").put("unk_token", unknown);
    model
        .put("continuing_subword_prefix", "##")
        .put("max_input_chars_per_word", 100)
        .set("vocab", vocabulary);
    return root;
  }

  private static ObjectNode special(String token) {
    ObjectNode node = TokenizerFolder.JSON.createObjectNode();
    node.putObject("SpecialToken").put("id", token).put("type_id", 0);
    return node;
  }

  private static ObjectNode sequence(String id, int type) {
    ObjectNode node = TokenizerFolder.JSON.createObjectNode();
    node.putObject("Sequence").put("id", id).put("type_id", type);
    return node;
  }
}
