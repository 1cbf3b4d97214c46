package dev.darkroom.diffusion.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.JsonLines;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptTokenizerTest {
  @ParameterizedTest
  @ValueSource(strings = {"tiny/tokenizer", "vocabulary"})
  void givesTheIdsOfTransformersForAwkwardTexts(String folder) throws Exception {
    try (PromptTokenizer shortOne = PromptTokenizer.load(folder(folder));
        PromptTokenizer longOne = PromptTokenizer.load(folder(folder), 200)) {
      assertEquals(12, shortOne.maxLength());
      for (JsonNode fixture : JsonLines.read("/pipelines/tokens.jsonl")) {
        String text = fixture.get("text").textValue();
        Tokens tokens = shortOne.encode(text);
        assertArrayEquals(longs(fixture.get("ids")), tokens.ids(), text);
        assertArrayEquals(longs(fixture.get("mask")), tokens.mask(), text);
        Tokens whole = longOne.encode(text);
        assertEquals(200, whole.ids().length);
        assertArrayEquals(
            longs(fixture.get("long")), Arrays.copyOf(whole.ids(), whole.count()), text);
      }
    }
  }

  @Test
  void halfASurrogatePairIsAReplacementCharacter() throws Exception {
    try (PromptTokenizer tokenizer = PromptTokenizer.load(folder("vocabulary"))) {
      assertArrayEquals(tokenizer.encode("a \ufffd b").ids(), tokenizer.encode("a \ud83d b").ids());
    }
  }

  @Test
  void refusesFoldersThatHoldNoTokenizer(@TempDir Path folder) throws IOException {
    assertRefused(folder, "no such file");
    Files.writeString(folder.resolve("tokenizer_config.json"), "{}");
    assertRefused(folder, "tokenizer.json or vocab.txt");
    Files.writeString(folder.resolve("vocab.txt"), "[PAD]\n[UNK]\na\n");
    assertRefused(folder, "[CLS]");
    Files.writeString(folder.resolve("tokenizer.json"), "{\"model\": {\"vocab\": {\"[PAD]\": 0}}}");
    assertRefused(folder, "refuses");
    Files.writeString(
        folder.resolve("tokenizer_config.json"), "{\"tokenizer_class\": \"LlamaTokenizer\"}");
    assertRefused(folder, "LlamaTokenizer");
    Files.writeString(folder.resolve("tokenizer_config.json"), "<html>");
    assertRefused(folder, "JSON");
    Files.delete(folder.resolve("tokenizer.json"));
    Files.write(folder.resolve("vocab.txt"), List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"));
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"model_max_length\": 1e30}");
    assertRefused(folder, "model_max_length");
  }

  @Test
  void refusesSentencePieceModelsThatAreNotWhole(@TempDir Path folder) throws Exception {
    Path whole =
        Path.of(PromptTokenizerTest.class.getResource("/tokenizers/t5/spiece.model").toURI());
    byte[] bytes = Files.readAllBytes(whole);
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"tokenizer_class\": \"T5Tokenizer\", \"model_max_length\": 64}");
    for (int length : new int[] {0, 1, 10, bytes.length / 2, bytes.length - 3}) {
      Files.write(folder.resolve("spiece.model"), Arrays.copyOf(bytes, length));
      assertRefused(folder, "sentencepiece");
    }
    Files.writeString(folder.resolve("spiece.model"), "<html>not a model</html>");
    assertRefused(folder, "sentencepiece");
  }

  private static void assertRefused(Path folder, String reason) {
    DiffusionException refusal =
        assertThrows(DiffusionException.class, () -> PromptTokenizer.load(folder));
    assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
  }

  private static Path folder(String name) throws URISyntaxException {
    return Path.of(PromptTokenizerTest.class.getResource("/pipelines/" + name).toURI());
  }

  private static long[] longs(JsonNode array) {
    return LongStream.range(0, array.size()).map(i -> array.get((int) i).longValue()).toArray();
  }
}
