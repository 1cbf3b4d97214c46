package dev.darkroom.trainer.starter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.trainer.data.PictureReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmojiDatasetTest {
  private static final String WORDS =
      """
      [{"hexcode": "2764-FE0F", "label": "red heart", "tags": ["heart"], "group": 0},
       {"hexcode": "1F44B", "label": "waving hand", "tags": ["hand", "wave"], "group": 1},
       {"hexcode": "1F34E", "label": "red apple", "tags": ["fruit"], "group": 4, "subgroup": 42}]
      """;

  @TempDir Path folder;

  @Test
  void picturesMeetWordsByCodePointsWithoutVariationSelectorsAndSkinTonesStayOut()
      throws IOException {
    EmojiDataset data = dataset("2764-fe0f", "1f44b", "1f44b-1f3fd", "1faff");
    assertEquals(2, data.size());
    assertEquals("waving hand", data.name(0));
    assertEquals("red heart", data.name(1));
  }

  @Test
  void eachVariantStandsOnItsColour() throws IOException {
    EmojiDataset data = dataset("1f34e");
    byte[] onBlue = data.picture(0, Background.BLUE.ordinal()).rgba();
    assertEquals(Background.BLUE.blue(), onBlue[2] & 0xff);
    byte[] onWhite = data.picture(0, Background.WHITE.ordinal()).rgba();
    assertArrayEquals(new byte[] {-1, -1, -1, -1}, java.util.Arrays.copyOf(onWhite, 4));
  }

  @Test
  void aPictureHasTheColoursThatAreSeenAndTheKindOfItsSubgroup() throws IOException {
    EmojiDataset data = dataset("1f34e", "1f44b");
    Emoji apple = data.emoji(0);
    assertEquals(List.of("fruit"), apple.kinds());
    assertEquals(
        Colours.of(PictureReader.read("picture", picture()).resize(128, 128)), apple.colours());
    assertFalse(apple.colours().isEmpty());
    assertEquals(List.of(), data.emoji(1).kinds());
  }

  @Test
  void theHeldOutPicturesAreNoneOfTheTrainingPictures() throws IOException {
    EmojiDataset data = dataset("1f34e", "1f44b", "2764");
    assertEquals(data.size(), data.training().size() + data.heldOut().size());
  }

  @Test
  void aShortenedPixelFileIsRefused() throws IOException {
    dataset("1f34e");
    Path pixels = folder.resolve("out/pictures.rgba");
    Files.write(pixels, new byte[100]);
    DarkroomException e =
        assertThrows(DarkroomException.class, () -> EmojiDataset.open(folder.resolve("out")));
    assertTrue(e.getMessage().contains("expected 65536 bytes, got 100"), e.getMessage());
  }

  private byte[] picture() throws IOException {
    return getClass()
        .getResourceAsStream("/dev/darkroom/trainer/data/lossless-alpha.webp")
        .readAllBytes();
  }

  private EmojiDataset dataset(String... codes) throws IOException {
    byte[] picture = picture();
    Map<String, byte[]> pictures = new LinkedHashMap<>();
    for (String code : codes) {
      pictures.put("package/assets/" + code + ".webp", picture);
    }
    EmojiDataset.write(
        new EmojiSource.Sources(
            NpmPackage.write(folder.resolve("pictures.tgz"), pictures),
            NpmPackage.write(
                folder.resolve("words.tgz"),
                Map.of("package/en/data.json", WORDS.getBytes(StandardCharsets.UTF_8))),
            NpmPackage.write(folder.resolve("dictionary.tgz"), Map.of())),
        folder.resolve("out"));
    return EmojiDataset.open(folder.resolve("out"));
  }
}
