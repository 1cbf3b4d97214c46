package dev.darkroom.trainer.starter;

import java.util.Locale;

/** What a picture stands on. The colour is part of the caption, so it can be asked for. */
enum Background {
  WHITE(255, 255, 255),
  BLACK(16, 16, 16),
  GRAY(144, 144, 144),
  RED(220, 53, 53),
  ORANGE(245, 146, 46),
  YELLOW(250, 216, 76),
  GREEN(60, 170, 80),
  BLUE(40, 110, 220),
  PURPLE(134, 76, 200),
  PINK(244, 150, 190),
  BROWN(130, 88, 60);

  private final int red;
  private final int green;
  private final int blue;

  Background(int red, int green, int blue) {
    this.red = red;
    this.green = green;
    this.blue = blue;
  }

  int red() {
    return red;
  }

  int green() {
    return green;
  }

  int blue() {
    return blue;
  }

  /** How a caption ends that names it: ", blue background". */
  String words() {
    return ", " + name().toLowerCase(Locale.ROOT) + " background";
  }
}
