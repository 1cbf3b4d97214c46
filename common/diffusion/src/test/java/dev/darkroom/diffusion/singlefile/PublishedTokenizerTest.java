package dev.darkroom.diffusion.singlefile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.diffusion.singlefile.SingleFile.Reading;
import dev.darkroom.diffusion.tokenizer.PromptTokenizer;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tokenizer that is made in memory is the one of the folder that a conversion writes. */
class PublishedTokenizerTest {
  private static final List<String> TEXTS =
      List.of(
          "",
          "a photo of a cat, 35 mm, f/1.8",
          "!!! \"quoted\" back\\slash 'tis <|endoftext|> </w>",
          "Grüße aus Köln, 東京の猫 🐈‍⬛ naïve café Ġ Ā",
          "antidisestablishmentarianism ".repeat(20),
          "\u00ad\u0000\t\n zero");

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "sd1.safetensors, tokenizer",
    "sd2.ckpt, tokenizer",
    "sdxl.safetensors, tokenizer",
    "sdxl.safetensors, tokenizer_2",
    "sdxl-refiner.safetensors, tokenizer_2"
  })
  void isTheOneOfTheFolder(String name, String tokenizer) throws Exception {
    try (SingleFile file = SingleFile.open(file(name), Reading.detected());
        PromptTokenizer inMemory = file.publishedTokenizer(tokenizer)) {
      assertNotNull(inMemory);
      assertTrue(DiffusersFolder.writePart(file, tokenizer, folder));
      try (PromptTokenizer ofFolder = PromptTokenizer.load(folder.resolve(tokenizer))) {
        assertEquals(ofFolder.padId(), inMemory.padId());
        assertEquals(ofFolder.commaId(), inMemory.commaId());
        assertEquals(ofFolder.maxLength(), inMemory.maxLength());
        assertArrayEquals(ofFolder.frame(), inMemory.frame());
        assertSameIds(ofFolder, inMemory);
        List<String> names = List.of("<cat-toy>", "é");
        try (PromptTokenizer more = ofFolder.withTokens(names);
            PromptTokenizer moreInMemory = inMemory.withTokens(names)) {
          assertArrayEquals(new long[] {49408}, moreInMemory.content("<cat-toy>"));
          assertSameIds(more, moreInMemory);
        }
      }
    }
  }

  @Test
  void isNotThereForAPartThatIsNone() throws Exception {
    try (SingleFile file = SingleFile.open(file("sd1.safetensors"), Reading.detected())) {
      assertNull(file.publishedTokenizer("tokenizer_2"));
    }
  }

  @Test
  void servesOneModelAfterAnotherWasClosed() throws Exception {
    try (SingleFile file = SingleFile.open(file("sd1.safetensors"), Reading.detected())) {
      PromptTokenizer first = file.publishedTokenizer("tokenizer");
      PromptTokenizer second = file.publishedTokenizer("tokenizer");
      assertNotNull(first);
      assertNotNull(second);
      long[] ids = first.content("a cat");

      first.ofLength(10).close();
      first.close();

      assertArrayEquals(ids, second.content("a cat"));
    }
  }

  private static void assertSameIds(PromptTokenizer expected, PromptTokenizer actual) {
    for (String text : TEXTS) {
      assertArrayEquals(expected.content(text), actual.content(text), text);
      assertArrayEquals(expected.encode(text).ids(), actual.encode(text).ids(), text);
    }
  }

  private static Path file(String name) throws URISyntaxException {
    return Path.of(PublishedTokenizerTest.class.getResource("/checkpoints/singlefile/").toURI())
        .resolve(name);
  }
}
