package dev.darkroom.trainer.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PictureTest {

  @Test
  void halvingIsTheMeanOfFourPixels() {
    Picture picture =
        new Picture(2, 2, bytes(0, 0, 0, 255, 100, 0, 0, 255, 100, 0, 0, 255, 200, 8, 0, 255));
    assertArrayEquals(bytes(100, 2, 0, 255), picture.resize(1, 1).rgba());
  }

  @Test
  void theColourOfInvisiblePixelsDoesNotBleedIn() {
    Picture picture = new Picture(2, 1, bytes(200, 100, 0, 255, 0, 255, 255, 0));
    assertArrayEquals(bytes(200, 100, 0, 128), picture.resize(1, 1).rgba());
  }

  @Test
  void resizeKeepsRowsAndColumnsApart() {
    Picture picture = new Picture(2, 4, new byte[2 * 4 * 4]);
    for (int y = 0; y < 4; y++) {
      for (int x = 0; x < 2; x++) {
        int at = (y * 2 + x) * 4;
        picture.rgba()[at] = (byte) (10 * x);
        picture.rgba()[at + 1] = (byte) (20 * y);
        picture.rgba()[at + 3] = (byte) 255;
      }
    }
    assertArrayEquals(
        bytes(0, 10, 0, 255, 10, 10, 0, 255, 0, 50, 0, 255, 10, 50, 0, 255),
        picture.resize(2, 2).rgba());
  }

  @Test
  void halfTransparentIsHalfTheBackground() {
    Picture picture = new Picture(1, 1, bytes(255, 0, 0, 128));
    assertArrayEquals(bytes(128, 0, 127, 255), picture.over(0, 0, 255).rgba());
  }

  @Test
  void planesRoundTripEveryByte() {
    Picture picture = new Picture(16, 16, new byte[16 * 16 * 4]);
    for (int at = 0; at < 256; at++) {
      picture.rgba()[at * 4] = (byte) at;
      picture.rgba()[at * 4 + 1] = (byte) (255 - at);
      picture.rgba()[at * 4 + 2] = (byte) (at * 7);
      picture.rgba()[at * 4 + 3] = (byte) 255;
    }
    assertArrayEquals(picture.rgba(), Picture.ofPlanes(16, 16, picture.planes(), 0).rgba());
  }

  @Test
  void cropToShapeTakesTheMiddle() {
    Picture picture = new Picture(5, 3, new byte[60]);
    picture.rgba()[4] = 42;
    Picture square = picture.cropToShape(64, 64);
    assertEquals(3, square.width());
    assertEquals(3, square.height());
    assertEquals(42, square.rgba()[0]);
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int at = 0; at < values.length; at++) {
      bytes[at] = (byte) values[at];
    }
    return bytes;
  }
}
