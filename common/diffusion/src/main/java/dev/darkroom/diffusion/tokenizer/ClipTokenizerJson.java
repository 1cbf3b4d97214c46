package dev.darkroom.diffusion.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import java.util.Map;
import java.util.function.ToIntFunction;

/**
 * CLIP's byte-pair encoding (Radford et al. 2021, Sennrich et al. 2016): lower case, the ends of
 * words marked by {@code </w>}. As in transformers, only the vocabulary and the merges are taken
 * from the files; how texts are split is the class's own.
 */
final class ClipTokenizerJson {
  private static final String BOS = "<|startoftext|>";
  private static final String EOS = "<|endoftext|>";

  /** Letters together, digits one by one, everything else together; whitespace is dropped. */
  private static final String WORDS =
      "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

  private ClipTokenizerJson() {}

  static ObjectNode of(TokenizerFolder folder) {
    BytePairs published = folder.pairs();
    if (published != null) {
      return around(folder, published::id, published.size());
    }
    JsonNode vocabulary;
    JsonNode merges;
    if (folder.has(TokenizerFolder.TOKENIZER)) {
      JsonNode model = folder.json(TokenizerFolder.TOKENIZER).path("model");
      vocabulary = model.path("vocab");
      merges = model.path("merges");
    } else if (folder.has("vocab.json") && folder.has("merges.txt")) {
      vocabulary = folder.json("vocab.json");
      merges = merges(folder.text("merges.txt"));
    } else {
      throw DiffusionException.badCheckpoint(
          folder.folder()
              + ": expected tokenizer.json, or vocab.json and merges.txt, found neither");
    }
    ObjectNode root = around(folder, token -> vocabulary.path(token).asInt(-1), vocabulary.size());
    ((ObjectNode) root.get("model")).set("vocab", vocabulary);
    ((ObjectNode) root.get("model")).set("merges", merges);
    return root;
  }

  /** All but the vocabulary and the merges, which are the last of its model, the last field. */
  private static ObjectNode around(TokenizerFolder folder, ToIntFunction<String> ids, int size) {
    String bos = folder.specialToken("bos_token", BOS);
    String eos = folder.specialToken("eos_token", EOS);
    ObjectNode root = TokenizerFolder.JSON.createObjectNode().put("version", "1.0");
    root.putNull("truncation").putNull("padding");
    root.set(
        "added_tokens",
        new AddedTokens(
                folder,
                Map.of("bos_token", BOS, "eos_token", EOS, "unk_token", EOS, "pad_token", EOS))
            .toJson(ids, size));
    ArrayNode normalizers =
        root.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
    normalizers.addObject().put("type", "NFC");
    normalizers
        .addObject()
        .put("type", "Replace")
        .put("content", " ")
        .putObject("pattern")
        .put("Regex", "\\s+");
    normalizers.addObject().put("type", "Lowercase");
    ArrayNode splitters =
        root.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
    splitters
        .addObject()
        .put("type", "Split")
        .put("behavior", "Removed")
        .put("invert", true)
        .putObject("pattern")
        .put("Regex", WORDS);
    splitters
        .addObject()
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", true);
    ObjectNode processor = root.putObject("post_processor").put("type", "RobertaProcessing");
    processor.putArray("sep").add(eos).add(id(folder, ids, eos));
    processor.putArray("cls").add(bos).add(id(folder, ids, bos));
    processor.put("trim_offsets", false).put("add_prefix_space", false);
    ObjectNode model = root.putObject("model").put("type", "BPE").putNull("dropout");
    model.put("unk_token", folder.specialToken("unk_token", EOS));
    model.put("continuing_subword_prefix", "").put("end_of_word_suffix", "</w>");
    model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
    return root;
  }

  private static int id(TokenizerFolder folder, ToIntFunction<String> ids, String token) {
    int id = ids.applyAsInt(token);
    if (id < 0) {
      throw DiffusionException.badCheckpoint(
          "%s: expected the token %s in the vocabulary, found none"
              .formatted(folder.folder(), token));
    }
    return id;
  }

  private static ArrayNode merges(String text) {
    ArrayNode merges = TokenizerFolder.JSON.createArrayNode();
    for (String line : text.split("\n", -1)) {
      String merge = line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
      if (!merge.isEmpty() && !merge.startsWith("#version")) {
        merges.add(merge);
      }
    }
    return merges;
  }
}
