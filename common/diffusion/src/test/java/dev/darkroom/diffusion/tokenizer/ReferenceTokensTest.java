package dev.darkroom.diffusion.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.JsonLines;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against transformers, on what tokenizers_goldens.py wrote. */
class ReferenceTokensTest {
  private static final Path DATA = Path.of("..", "..", "..", "shared", "data");

  @ParameterizedTest
  @CsvSource({"clip, clip", "clip-json, clip", "t5, t5", "t5-json, t5"})
  void givesTheIdsOfTransformersFromEveryKindOfFolder(String folder, String expected)
      throws Exception {
    assertTokens(resource(folder), expected);
  }

  @ParameterizedTest
  @CsvSource({"real-clip, <|endoftext|>", "real-clip-2, !"})
  void givesTheIdsOfTransformersForClipsWholeVocabulary(
      String expected, String padding, @TempDir Path folder) throws Exception {
    Path vocabulary = DATA.resolve("clip").resolve("bpe_simple_vocab_16e6.txt.gz");
    assumeTrue(Files.isRegularFile(vocabulary), "skipped: ../shared/data absent");
    writeClip(vocabulary, folder);
    ObjectMapper json = new ObjectMapper();
    ObjectNode specials =
        (ObjectNode) json.readTree(resource("clip").resolve("special_tokens_map.json").toFile());
    json.writeValue(
        folder.resolve("special_tokens_map.json").toFile(), specials.put("pad_token", padding));
    assertTokens(folder, expected);
  }

  @Test
  void givesTheIdsOfTransformersForT5sWholeVocabulary(@TempDir Path folder) throws Exception {
    Path model = DATA.resolve("t5").resolve("spiece.model");
    assumeTrue(Files.isRegularFile(model), "skipped: ../shared/data absent");
    Files.copy(model, folder.resolve("spiece.model"));
    Files.copy(
        resource("t5").resolve("tokenizer_config.json"), folder.resolve("tokenizer_config.json"));
    assertTokens(folder, "real-t5");
  }

  private static void assertTokens(Path folder, String expected) throws IOException {
    try (PromptTokenizer tokenizer = PromptTokenizer.load(folder)) {
      for (JsonNode row : JsonLines.read("/tokenizers/" + expected + ".jsonl")) {
        String text = row.get("text").textValue();
        assertArrayEquals(longs(row.get("ids")), tokenizer.encode(text).ids(), text);
        long[] content = tokenizer.content(text);
        assertEquals(row.get("count").intValue(), content.length, text);
        long[] known = longs(row.get("content"));
        assertArrayEquals(known, Arrays.copyOf(content, known.length), text);
      }
    }
  }

  /** OpenAI's file of merges as the two files of a tokenizer's folder. */
  private static void writeClip(Path vocabulary, Path folder) throws IOException {
    List<String> merges;
    try (InputStream in = new GZIPInputStream(Files.newInputStream(vocabulary))) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      merges = List.of(text.split("\n", -1)).subList(1, 49152 - 256 - 2 + 1);
    }
    List<String> tokens = new ArrayList<>();
    ObjectMapper json = new ObjectMapper();
    json.readTree(resource("clip").resolve("vocab.json").toFile())
        .fieldNames()
        .forEachRemaining(tokens::add);
    List<String> all = new ArrayList<>(tokens.subList(0, 512));
    merges.forEach(merge -> all.add(merge.replace(" ", "")));
    all.addAll(tokens.subList(tokens.size() - 2, tokens.size()));
    ObjectNode ids = json.createObjectNode();
    all.forEach(token -> ids.put(token, ids.size()));
    json.writeValue(folder.resolve("vocab.json").toFile(), ids);
    Files.writeString(
        folder.resolve("merges.txt"), "#version: 0.2\n" + String.join("\n", merges) + "\n");
    Files.copy(
        resource("clip").resolve("tokenizer_config.json"), folder.resolve("tokenizer_config.json"));
  }

  private static Path resource(String name) throws IOException {
    try {
      return Path.of(ReferenceTokensTest.class.getResource("/tokenizers/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IOException(e);
    }
  }

  private static long[] longs(JsonNode array) {
    return LongStream.range(0, array.size()).map(i -> array.get((int) i).longValue()).toArray();
  }
}
