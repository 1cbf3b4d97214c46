package dev.darkroom.trainer.starter;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DictionaryTest {
  private static final int ANIMALS = 3;
  private static final int FOOD = 4;
  private static final int FLAGS = 9;

  /** Word, part of speech, senses, pointers and their kinds, senses, tagged senses, offsets. */
  private static final String INDEX =
      """
        1 a line of the licence
      duck n 2 2 @ ~ 2 1 00000020 00000010
      water_fowl n 1 1 @ 1 0 00000010
      orange n 2 3 @ ~ #m 2 2 00000030 00000040
      bean n 1 1 @ 1 0 00000050
      """;

  /** Offset, subject, part of speech, words in hex and each with an id, pointers, definition. */
  private static final String DATA =
      """
        1 a line of the licence
      00000001 05 n 01 bird 0 001 @ 00000009 n 0000 | it has feathers
      00000009 03 n 01 organism 0 000 | it lives
      00000010 05 n 03 duck 0 water_fowl 0 Anas 1 001 @ 00000001 n 0000 | a swimming bird (usually small) with a broad bill; many are tame
      00000020 13 n 01 duck 0 001 @ 00000002 n 0000 | its flesh; "we had duck"
      00000030 07 n 01 orange 0 000 | a colour
      00000040 13 n 01 orange 0 000 | a round fruit
      00000050 13 n 02 bean 0 edible_bean 0 000 | a seed that is eaten
      """;

  @TempDir Path folder;
  private Dictionary dictionary;

  @BeforeEach
  void read() throws IOException {
    dictionary =
        Dictionary.read(
            NpmPackage.write(
                folder.resolve("dictionary.tgz"),
                Map.of(
                    "package/dict/index.noun", INDEX.getBytes(StandardCharsets.UTF_8),
                    "package/dict/data.noun", DATA.getBytes(StandardCharsets.UTF_8))));
  }

  @Test
  void theGroupSaysWhichSenseIsMeant() {
    assertEquals(
        new Dictionary.Descriptions(
            "a swimming bird with a broad bill", List.of("water fowl", "Anas"), List.of("bird")),
        dictionary.describe("Duck", ANIMALS));
    assertEquals(
        new Dictionary.Descriptions("its flesh", List.of(), List.of()),
        dictionary.describe("duck", FOOD));
  }

  @Test
  void aColourIsNoFood() {
    assertEquals("a round fruit", dictionary.describe("orange", FOOD).definition());
  }

  @Test
  void aPluralIsFoundByItsSingular() {
    assertEquals(
        new Dictionary.Descriptions(
            "a seed that is eaten", List.of("bean", "edible bean"), List.of()),
        dictionary.describe("beans", FOOD));
  }

  @Test
  void whatIsNotListedHasNoDescription() {
    assertEquals(Dictionary.Descriptions.NONE, dictionary.describe("grinning face", ANIMALS));
    assertEquals(Dictionary.Descriptions.NONE, dictionary.describe("duck", FLAGS));
    assertEquals(Dictionary.Descriptions.NONE, dictionary.describe("duck", -1));
  }
}
