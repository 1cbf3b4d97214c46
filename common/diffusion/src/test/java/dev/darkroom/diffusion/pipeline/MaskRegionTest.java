package dev.darkroom.diffusion.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.image.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class MaskRegionTest {

  @Test
  void isWhatDiffusersCrops() throws IOException {
    for (String line : Files.readAllLines(PipelineFixture.resource("variants/regions.jsonl"))) {
      JsonNode asked = new ObjectMapper().readTree(line);
      MaskRegion region =
          MaskRegion.of(
              mask(asked.get("picture"), asked.get("white"), asked.get("gray").intValue()),
              asked.get("size").get(0).intValue(),
              asked.get("size").get(1).intValue(),
              asked.get("pad").intValue());
      JsonNode expected = asked.get("region");
      assertEquals(
          new MaskRegion(
              expected.get(0).intValue(),
              expected.get(1).intValue(),
              expected.get(2).intValue(),
              expected.get(3).intValue()),
          region,
          line);
    }
  }

  @Test
  void aBlackMaskHasNone() {
    RgbImage black = RgbImage.of(8, 4, new byte[3 * 8 * 4]);
    DiffusionException refusal =
        assertThrows(DiffusionException.class, () -> MaskRegion.of(black, 8, 8, 2));
    assertEquals(
        "mask: expected white where the picture is to be painted, got none", refusal.getMessage());
  }

  @Test
  void whatIsPastedStaysWithinTheMask() {
    RgbImage picture = RgbImage.of(4, 1, new byte[] {9, 9, 9, 10, 20, 30, 10, 20, 30, 9, 9, 9});
    RgbImage mask = RgbImage.of(4, 1, new byte[] {0, 0, 0, -1, -1, -1, 51, 51, 51, 0, 0, 0});
    RgbImage made = RgbImage.of(4, 1, new byte[] {60, 70, 80, 60, 70, 80, 60, 70, 80, 60, 70, 80});
    assertEquals(
        RgbImage.of(4, 1, new byte[] {9, 9, 9, 60, 70, 80, 20, 30, 40, 9, 9, 9}),
        new MaskRegion(0, 0, 4, 1).paste(picture, mask, made));
  }

  private static RgbImage mask(JsonNode size, JsonNode white, int gray) {
    int width = size.get(0).intValue();
    byte[] rgb = new byte[3 * width * size.get(1).intValue()];
    for (int y = white.get(1).intValue(); y < white.get(3).intValue(); y++) {
      int row = 3 * y * width;
      Arrays.fill(
          rgb, row + 3 * white.get(0).intValue(), row + 3 * white.get(2).intValue(), (byte) gray);
    }
    return RgbImage.of(width, size.get(1).intValue(), rgb);
  }
}
