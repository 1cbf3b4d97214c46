package dev.darkroom.trainer.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PictureReaderTest {

  @Test
  void losslessWebpWithAlphaIsExact() throws IOException {
    assertArrayEquals(
        resource("lossless-alpha.rgba"),
        PictureReader.read("a.webp", resource("lossless-alpha.webp")).rgba());
  }

  @Test
  void lossyWebpIsWhatLibwebpDecodesWithinItsChromaFilter() throws IOException {
    byte[] expected = resource("lossy-alpha.rgba");
    byte[] actual = PictureReader.read("a.webp", resource("lossy-alpha.webp")).rgba();
    double sum = 0;
    for (int at = 0; at < expected.length; at++) {
      sum += Math.abs((expected[at] & 0xff) - (actual[at] & 0xff));
      if (at % 4 == 3) {
        assertEquals(expected[at], actual[at], "alpha at " + at);
      }
    }
    assertTrue(sum / expected.length < 4, "mean difference " + sum / expected.length);
  }

  @Test
  void pngRoundTripsWithItsAlpha() throws IOException {
    Picture picture = PictureReader.read("a.webp", resource("lossless-alpha.webp"));
    assertArrayEquals(
        picture.rgba(), PictureReader.read("a.png", encode(picture.image(), "png")).rgba());
  }

  @Test
  void aFlippedBitInAPngIsFoundAndNamed() throws IOException {
    byte[] png = png();
    png[png.length / 2] ^= 4;
    assertInvalid("cat.png", png, "cat.png: the PNG is damaged");
  }

  @Test
  void aPngThatEndsEarlyIsRefused() throws IOException {
    byte[] png = png();
    assertInvalid("cat.png", Arrays.copyOf(png, png.length - 20), "ends early");
  }

  @Test
  void aJpegThatEndsEarlyIsRefusedThoughTheDecoderWouldFillItWithGrey() throws IOException {
    byte[] jpeg = encode(noise(64), "jpeg");
    PictureReader.read("cat.jpg", jpeg);
    assertInvalid("cat.jpg", Arrays.copyOf(jpeg, jpeg.length / 2), "cat.jpg: ");
  }

  @Test
  void aWebpThatEndsEarlyIsRefused() throws IOException {
    byte[] webp = resource("lossless-alpha.webp");
    assertInvalid("cat.webp", Arrays.copyOf(webp, webp.length / 2), "cat.webp: ");
  }

  @Test
  void aTextThatCallsItselfPngIsRefusedByItsBytes() {
    assertInvalid(
        "cat.png",
        "<html>".getBytes(java.nio.charset.StandardCharsets.UTF_8),
        "expected a PNG, JPEG or WebP");
    assertInvalid("cat.png", new byte[0], "an empty file");
  }

  @Test
  void aHeaderOfAGigapixelIsRefusedBeforeAnyPixelIsAllocated() throws IOException {
    byte[] png = png();
    ByteBuffer.wrap(png).putInt(16, 100_000).putInt(20, 100_000);
    CRC32 crc = new CRC32();
    crc.update(png, 12, 17);
    ByteBuffer.wrap(png).putInt(29, (int) crc.getValue());
    assertInvalid("big.png", png, "expected at most");
  }

  @ParameterizedTest
  @CsvSource({
    // What the four corners, clockwise from the top left, show once the picture is upright.
    "1, RGBW",
    "2, GRWB",
    "3, BWRG",
    "4, WBGR",
    "5, RWBG",
    "6, WRGB",
    "7, BGRW",
    "8, GBWR"
  })
  void aJpegIsTurnedAsItsExifDataSays(int tag, String corners) throws IOException {
    BufferedImage stored = new BufferedImage(64, 32, BufferedImage.TYPE_INT_RGB);
    int[] colours = {0xff0000, 0x00ff00, 0x0000ff, 0xffffff};
    for (int y = 0; y < 32; y++) {
      for (int x = 0; x < 64; x++) {
        int corner = y < 16 ? (x < 32 ? 0 : 1) : (x < 32 ? 3 : 2);
        stored.setRGB(x, y, colours[corner]);
      }
    }
    for (boolean littleEndian : new boolean[] {true, false}) {
      Picture picture =
          PictureReader.read("a.jpg", withExif(encode(stored, "jpeg"), tag, littleEndian));
      assertEquals(tag < 5 ? 64 : 32, picture.width());
      assertEquals(tag < 5 ? 32 : 64, picture.height());
      int right = picture.width() - 5;
      int bottom = picture.height() - 5;
      assertEquals(
          corners,
          colour(picture, 4, 4)
              + colour(picture, right, 4)
              + colour(picture, right, bottom)
              + colour(picture, 4, bottom));
    }
  }

  @Test
  void exifDataThatIsNonsenseTurnsNothing() throws IOException {
    byte[] jpeg = encode(noise(32), "jpeg");
    Picture plain = PictureReader.read("a.jpg", jpeg);
    assertArrayEquals(plain.rgba(), PictureReader.read("a.jpg", withExif(jpeg, 9, true)).rgba());
    assertArrayEquals(plain.rgba(), PictureReader.read("a.jpg", withWildExif(jpeg)).rgba());
  }

  @Test
  void aJpegOfPrintColoursIsRefusedByName() throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
      writer.setOutput(out);
      WritableRaster cmyk = Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, 32, 32, 4, null);
      writer.write(null, new IIOImage(cmyk, null, null), null);
    } finally {
      writer.dispose();
    }
    assertInvalid("print.jpg", bytes.toByteArray(), "got CMYK");
    assertInvalid("print.jpg", withWildExif(bytes.toByteArray()), "got CMYK");
  }

  /** A JPEG with an EXIF segment that points out of itself. */
  private static byte[] withWildExif(byte[] jpeg) {
    byte[] wild = withExif(jpeg, 6, true);
    ByteBuffer.wrap(wild).order(ByteOrder.LITTLE_ENDIAN).putInt(16, Integer.MAX_VALUE);
    return wild;
  }

  /** A JPEG with an EXIF segment of one tag right after its signature. */
  private static byte[] withExif(byte[] jpeg, int tag, boolean littleEndian) {
    ByteBuffer exif =
        ByteBuffer.allocate(26)
            .order(littleEndian ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    exif.put((littleEndian ? "II" : "MM").getBytes(StandardCharsets.US_ASCII));
    exif.putShort((short) 42).putInt(8).putShort((short) 1);
    exif.putShort((short) 0x0112).putShort((short) 3).putInt(1).putShort((short) tag);
    byte[] name = {'E', 'x', 'i', 'f', 0, 0};
    return ByteBuffer.allocate(jpeg.length + 4 + name.length + exif.capacity())
        .put(jpeg, 0, 2)
        .putShort((short) 0xffe1)
        .putShort((short) (2 + name.length + exif.capacity()))
        .put(name)
        .put(exif.array())
        .put(jpeg, 2, jpeg.length - 2)
        .array();
  }

  private static String colour(Picture picture, int x, int y) {
    int at = 4 * (y * picture.width() + x);
    boolean red = (picture.rgba()[at] & 0xff) > 128;
    boolean green = (picture.rgba()[at + 1] & 0xff) > 128;
    return red && green ? "W" : red ? "R" : green ? "G" : "B";
  }

  private static void assertInvalid(String name, byte[] bytes, String message) {
    DarkroomException e =
        assertThrows(DarkroomException.class, () -> PictureReader.read(name, bytes));
    assertEquals(ErrorCode.INVALID_DATASET, e.code());
    assertTrue(e.getMessage().contains(message) && e.getMessage().startsWith(name), e.getMessage());
  }

  static byte[] png() throws IOException {
    return encode(noise(32), "png");
  }

  static BufferedImage noise(int side) {
    BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
    java.util.Random random = new java.util.Random(1);
    for (int at = 0; at < side * side; at++) {
      image.setRGB(at % side, at / side, random.nextInt());
    }
    return image;
  }

  static byte[] encode(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    assertTrue(ImageIO.write(image, format, bytes));
    return bytes.toByteArray();
  }

  private static byte[] resource(String name) throws IOException {
    try (var in = PictureReaderTest.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }
}
