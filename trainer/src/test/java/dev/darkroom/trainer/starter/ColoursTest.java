package dev.darkroom.trainer.starter;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.darkroom.trainer.data.Picture;
import java.util.List;
import org.junit.jupiter.api.Test;

class ColoursTest {
  private static final int RED = 0xffd03030;
  private static final int BLACK = 0xff101010;
  private static final int CLEAR = 0x00ffffff;

  @Test
  void coloursHaveTheNamesThatPeopleGiveThem() {
    for (Background background : Background.values()) {
      assertEquals(
          background.name().toLowerCase(java.util.Locale.ROOT),
          Colours.name(
              background.red() / 255.0, background.green() / 255.0, background.blue() / 255.0));
    }
  }

  @Test
  void whatCannotBeSeenHasNoColour() {
    assertEquals(List.of("red"), Colours.of(picture(RED, CLEAR, CLEAR, CLEAR)));
    assertEquals(List.of(), Colours.of(picture(CLEAR)));
  }

  @Test
  void theLargerShareIsNamedFirstAndSpecksAreNot() {
    assertEquals(List.of("red", "black"), Colours.of(picture(BLACK, RED, RED)));
    assertEquals(List.of("red"), Colours.of(picture(BLACK, RED, RED, RED, RED)));
  }

  private static Picture picture(int... argb) {
    byte[] rgba = new byte[argb.length * 4];
    for (int i = 0; i < argb.length; i++) {
      rgba[4 * i] = (byte) (argb[i] >> 16);
      rgba[4 * i + 1] = (byte) (argb[i] >> 8);
      rgba[4 * i + 2] = (byte) argb[i];
      rgba[4 * i + 3] = (byte) (argb[i] >> 24);
    }
    return new Picture(argb.length, 1, rgba);
  }
}
