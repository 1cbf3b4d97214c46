package dev.darkroom.diffusion.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * T5's unigram model (Kudo 2018), from {@code tokenizer.json} or {@code spiece.model}. As in
 * transformers, only the pieces and the map of characters are taken from the files; how texts are
 * split is the class's own.
 */
final class T5TokenizerJson {
  /** Of {@code <pad>}, {@code </s>}, {@code <unk>}: the order in which T5 was trained. */
  private static final int UNKNOWN = 2;

  private static final String SPACE = "\u2581";

  private T5TokenizerJson() {}

  static ObjectNode of(TokenizerFolder folder) {
    ArrayNode pieces;
    JsonNode normalizer;
    if (folder.has(TokenizerFolder.TOKENIZER)) {
      ObjectNode json = folder.json(TokenizerFolder.TOKENIZER);
      if (!(json.path("model").path("vocab") instanceof ArrayNode vocabulary)) {
        throw DiffusionException.badCheckpoint(
            folder.folder() + ": tokenizer.json: expected the pieces of a unigram model, got none");
      }
      pieces = vocabulary;
      normalizer = precompiled(json.path("normalizer"));
    } else if (folder.has("spiece.model")) {
      SentencePieceModel model =
          SentencePieceModel.read(
              folder.folder().resolve("spiece.model").toString(), folder.bytes("spiece.model"));
      pieces = pieces(folder, model);
      normalizer =
          model.characterMap().length == 0
              ? TokenizerFolder.JSON.nullNode()
              : TokenizerFolder.JSON
                  .createObjectNode()
                  .put("type", "Precompiled")
                  .put(
                      "precompiled_charsmap",
                      Base64.getEncoder().encodeToString(model.characterMap()));
    } else {
      throw DiffusionException.badCheckpoint(
          folder.folder() + ": expected tokenizer.json or spiece.model, found neither");
    }
    return json(folder, pieces, normalizer);
  }

  private static ObjectNode json(TokenizerFolder folder, ArrayNode pieces, JsonNode normalizer) {
    Map<String, Integer> ids = new HashMap<>();
    for (int i = 0; i < pieces.size(); i++) {
      ids.putIfAbsent(pieces.get(i).path(0).asText(), i);
    }
    AddedTokens added =
        new AddedTokens(
            folder, Map.of("eos_token", "</s>", "unk_token", "<unk>", "pad_token", "<pad>"));
    added.addSpecial(
        ids.keySet().stream().filter(piece -> piece.matches("<extra_id_\\d+>")).sorted().toList());
    String eos = folder.specialToken("eos_token", "</s>");
    if (!ids.containsKey(eos)) {
      throw DiffusionException.badCheckpoint(
          "%s: expected the token %s in the vocabulary, found none"
              .formatted(folder.folder(), eos));
    }
    ObjectNode root = TokenizerFolder.JSON.createObjectNode().put("version", "1.0");
    root.putNull("truncation").putNull("padding");
    root.set("added_tokens", added.toJson(token -> ids.getOrDefault(token, -1), pieces.size()));
    root.set("normalizer", normalizer);
    ArrayNode splitters =
        root.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
    splitters.addObject().put("type", "WhitespaceSplit");
    splitters
        .addObject()
        .put("type", "Metaspace")
        .put("replacement", SPACE)
        .put("prepend_scheme", "always")
        .put("split", true);
    ObjectNode template = root.putObject("post_processor").put("type", "TemplateProcessing");
    for (String kind : List.of("single", "pair")) {
      ArrayNode parts = template.putArray(kind);
      for (String sequence : kind.equals("single") ? List.of("A") : List.of("A", "B")) {
        parts.addObject().putObject("Sequence").put("id", sequence).put("type_id", 0);
        parts.addObject().putObject("SpecialToken").put("id", eos).put("type_id", 0);
      }
    }
    ObjectNode end = template.putObject("special_tokens").putObject(eos).put("id", eos);
    end.putArray("ids").add(ids.get(eos));
    end.putArray("tokens").add(eos);
    ObjectNode model = root.putObject("model").put("type", "Unigram").put("unk_id", UNKNOWN);
    model.put("byte_fallback", false).set("vocab", pieces);
    return root;
  }

  private static ArrayNode pieces(TokenizerFolder folder, SentencePieceModel model) {
    ArrayNode pieces = TokenizerFolder.JSON.createArrayNode();
    // As doubles of the same value: what a float prints as is another number, and breaks ties.
    model
        .pieces()
        .forEach(piece -> pieces.addArray().add(piece.text()).add((double) piece.score()));
    int extra = folder.config().path("extra_ids").asInt(100);
    // Sentinels count down, as in T5's own vocabulary.
    IntStream.range(0, extra)
        .forEach(i -> pieces.addArray().add("<extra_id_" + (extra - 1 - i) + ">").add(0.0));
    return pieces;
  }

  private static JsonNode precompiled(JsonNode normalizer) {
    if (normalizer.path("type").asText().equals("Precompiled")) {
      return normalizer;
    }
    for (JsonNode each : normalizer.path("normalizers")) {
      if (each.path("type").asText().equals("Precompiled")) {
        return each;
      }
    }
    return TokenizerFolder.JSON.nullNode();
  }
}
