package dev.darkroom.diffusion.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.diffusion.DiffusionException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ImageFormatTest {
  private static final RgbImage GRADIENT = gradient(40, 24);

  @ParameterizedTest
  @EnumSource(ImageFormat.class)
  void whatIsWrittenReadsBack(ImageFormat format) {
    byte[] file = format.encode(GRADIENT);
    RgbImage read = ImageFile.decode(file, 1000);
    assertEquals(40, read.width());
    assertEquals(24, read.height());
    double error = 0;
    byte[] expected = GRADIENT.toBytes();
    byte[] actual = read.toBytes();
    for (int i = 0; i < expected.length; i++) {
      error += Math.abs((expected[i] & 0xff) - (actual[i] & 0xff)) / (double) expected.length;
    }
    assertTrue(error <= (format == ImageFormat.PNG ? 0 : 4), format + " is off by " + error);
    assertArrayEquals(file, format.encode(GRADIENT));
  }

  @Test
  void planesAreCutAndRoundedToEven() {
    float[] planes = {-2f, -1f, 0f, 1f, 3f, (0.5f / 255f) * 2 - 1, -1.5f, 0.25f, 0f, 0f, 0f, 0f};
    byte[] rgb = RgbImage.ofPlanes(2, 2, planes).toBytes();
    // Pixel 0 takes planes 0, 4 and 8.
    assertEquals(0, rgb[0] & 0xff);
    assertEquals(255, rgb[1] & 0xff);
    assertEquals(128, rgb[2] & 0xff); // 127.5 to even
    assertEquals(0, rgb[3] & 0xff);
    assertEquals(0, rgb[7] & 0xff);
  }

  @Test
  void aPlaneWithANaNIsNoPictureAndNeverABlackOne() {
    float[] planes = new float[12];
    planes[7] = Float.NaN;
    DiffusionException refused =
        assertThrows(DiffusionException.class, () -> RgbImage.ofPlanes(2, 2, planes));
    assertEquals(DiffusionException.Kind.BAD_CHECKPOINT, refused.kind());
  }

  @Test
  void planesSurviveTheWayThere() {
    assertEquals(GRADIENT, RgbImage.ofPlanes(40, 24, GRADIENT.toPlanes()));
  }

  @Test
  void refusesMorePixelsThanAllowedBeforeDecoding() {
    byte[] file = ImageFormat.PNG.encode(GRADIENT);
    assertThrows(DiffusionException.class, () -> ImageFile.decode(file, 40 * 24 - 1));
    // The header claims 50,000 x 50,000 pixels: 10 GB if it were believed.
    ByteBuffer.wrap(file).putInt(16, 50_000).putInt(20, 50_000);
    DiffusionException refusal =
        assertThrows(DiffusionException.class, () -> ImageFile.decode(file, 1_000_000));
    assertTrue(refusal.getMessage().contains("50000 x 50000"), refusal.getMessage());
  }

  @ParameterizedTest
  @EnumSource(ImageFormat.class)
  void damagedFilesAreBadInputAndNeverMore(ImageFormat format) {
    byte[] file = format.encode(GRADIENT);
    Random random = new Random(1);
    for (int i = 0; i < 300; i++) {
      byte[] damaged = Arrays.copyOf(file, i % 2 == 0 ? random.nextInt(file.length) : file.length);
      for (int k = 0; k < 3 && damaged.length > 0; k++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
      }
      try {
        ImageFile.decode(damaged, 10_000);
      } catch (DiffusionException e) {
        assertEquals(DiffusionException.Kind.BAD_INPUT, e.kind());
      }
    }
  }

  @Test
  void transparencyIsWhite() throws IOException {
    BufferedImage clear = new BufferedImage(1, 2, BufferedImage.TYPE_INT_ARGB);
    clear.setRGB(0, 1, 0x80ff0000);
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    ImageIO.write(clear, "png", file);
    byte[] rgb = ImageFile.decode(file.toByteArray(), 10).toBytes();
    assertArrayEquals(new byte[] {-1, -1, -1, -1, 127, 127}, rgb);
  }

  private static RgbImage gradient(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i++) {
      int x = i / 3 % width;
      int y = i / 3 / width;
      rgb[i] = (byte) (i % 3 == 0 ? x * 255 / width : i % 3 == 1 ? y * 255 / height : 128);
    }
    return RgbImage.of(width, height, rgb);
  }
}
