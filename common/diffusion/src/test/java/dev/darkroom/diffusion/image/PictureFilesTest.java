package dev.darkroom.diffusion.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.diffusion.DiffusionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of {@code pictures.py}: what viewers show of them, and what no one should learn from. */
class PictureFilesTest {
  private static final Path FOLDER = Path.of("src/test/resources/pictures");

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void aPictureIsTurnedAsItsExifDataSays(int tag) throws IOException {
    RgbImage upright = read("upright." + tag + ".png");
    assertEquals(tag < 5 ? 24 : 16, upright.width());
    assertEquals(upright, read("turned." + tag + ".png"));
    assertEquals(upright, read("turned." + tag + ".webp"));

    RgbImage lossy = read("turned." + tag + ".jpg");
    assertEquals(upright.width(), lossy.width());
    byte[] expected = upright.toBytes();
    byte[] actual = lossy.toBytes();
    double error = 0;
    for (int i = 0; i < expected.length; i++) {
      error += Math.abs((expected[i] & 0xff) - (actual[i] & 0xff)) / (double) expected.length;
    }
    assertTrue(error < 4, "off by " + error);
  }

  @ParameterizedTest
  @CsvSource({
    "print.jpg, got CMYK",
    "half.jpg, the file is damaged",
    "moving.webp, got an animated WebP"
  })
  void whatADecoderWouldGuessIsRefusedByTheFilesName(String name, String what) {
    DiffusionException refused = assertThrows(DiffusionException.class, () -> read(name));
    assertEquals(DiffusionException.Kind.BAD_INPUT, refused.kind());
    assertTrue(refused.getMessage().startsWith(name + ": "), refused.getMessage());
    assertTrue(refused.getMessage().contains(what), refused.getMessage());
  }

  @Test
  void aHeaderThatEndsEarlyTurnsNothing() throws IOException {
    for (String name : new String[] {"turned.6.jpg", "turned.6.png", "turned.6.webp"}) {
      byte[] file = Files.readAllBytes(FOLDER.resolve(name));
      assertEquals(Orientation.RIGHT, PictureHeader.of(file).orientation(), name);
      for (int length = 0; length < file.length; length++) {
        PictureHeader.of(Arrays.copyOf(file, length)); // none of them ends in an exception
      }
      assertEquals(Orientation.NORMAL, PictureHeader.of(Arrays.copyOf(file, 24)).orientation());
    }
  }

  private static RgbImage read(String name) throws IOException {
    return ImageFile.decode(name, Files.readAllBytes(FOLDER.resolve(name)), 10_000);
  }
}
