package dev.darkroom.diffusion.controlnet.annotator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.Golden;
import dev.darkroom.diffusion.image.RgbImage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against OpenCV, pixel by pixel. */
class AnnotatorTest {

  @ParameterizedTest
  @CsvSource({"100, 200", "40, 90", "0, 255"})
  void cannyFindsOpenCvsEdges(int low, int high) {
    try (Golden golden = Golden.of("annotators")) {
      assertSame(golden, "canny." + low + "." + high, new Canny(low, high).of(picture(golden)));
    }
  }

  @Test
  void aDrawingIsExchanged() {
    try (Golden golden = Golden.of("annotators")) {
      assertSame(golden, "drawing", Scribble.ofDrawing(picture(golden)));
    }
  }

  @Test
  void aPhotoBecomesStrokes() {
    try (Golden golden = Golden.of("annotators")) {
      assertSame(golden, "photo", Scribble.ofPhoto(picture(golden)));
    }
  }

  @Test
  void onePixelHasNoEdges() {
    RgbImage pixel = RgbImage.of(1, 1, new byte[] {9, 9, 9});
    RgbImage black = RgbImage.of(1, 1, new byte[3]);
    assertEquals(black, Canny.DEFAULT.of(pixel));
    assertEquals(black, Scribble.ofPhoto(pixel));
  }

  @Test
  void depthIsWhiteWhereNear() {
    RgbImage picture = RgbImage.of(3, 1, new byte[9]);
    DepthModel model = same -> new float[] {7, 2, 4.5f};
    assertArrayEquals(
        new byte[] {-1, -1, -1, 0, 0, 0, 127, 127, 127}, model.map(picture).toBytes());
    DepthModel broken = same -> new float[] {7, 2, Float.NaN};
    assertThrows(DiffusionException.class, () -> broken.map(picture));
    DepthModel small = same -> new float[2];
    assertThrows(DiffusionException.class, () -> small.map(picture));
  }

  private static RgbImage picture(Golden golden) {
    NDArray picture = golden.tensor("picture");
    return RgbImage.of(
        (int) picture.getShape().get(1), (int) picture.getShape().get(0), bytes(picture));
  }

  private static void assertSame(Golden golden, String key, RgbImage actual) {
    byte[] expected = bytes(golden.tensor(key));
    byte[] rgb = actual.toBytes();
    byte[] red = new byte[expected.length];
    for (int i = 0; i < red.length; i++) {
      red[i] = rgb[3 * i];
      assertEquals(rgb[3 * i], rgb[3 * i + 2]);
    }
    assertArrayEquals(expected, red);
  }

  /** Bytes of a file are read as integers of another size. */
  private static byte[] bytes(NDArray array) {
    Number[] numbers = array.toArray();
    byte[] bytes = new byte[numbers.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = numbers[i].byteValue();
    }
    return bytes;
  }
}
