package dev.darkroom.trainer.data;

/**
 * How a camera was held, in the order of the values of the EXIF tag of that name: what viewers show
 * is the stored picture turned or mirrored, and a caption describes what viewers show.
 */
enum Orientation {
  NORMAL(false, false, false),
  MIRRORED(false, true, false),
  HALF_TURN(false, true, true),
  FLIPPED(false, false, true),
  /** Mirrored at the diagonal from the top left. */
  TRANSPOSED(true, false, false),
  /** A quarter turn clockwise shows it upright. */
  RIGHT(true, true, false),
  /** Mirrored at the other diagonal. */
  TRANSVERSED(true, true, true),
  /** A quarter turn counter-clockwise shows it upright. */
  LEFT(true, false, true);

  /** Swaps the axes, then mirrors left and right, then top and bottom. */
  private final boolean transposes;

  private final boolean mirrors;
  private final boolean flips;

  Orientation(boolean transposes, boolean mirrors, boolean flips) {
    this.transposes = transposes;
    this.mirrors = mirrors;
    this.flips = flips;
  }

  /** Of the tag's value; nonsense is as good as no tag. */
  static Orientation ofTag(int value) {
    return value >= 1 && value <= values().length ? values()[value - 1] : NORMAL;
  }

  /** The picture as viewers show it. */
  Picture upright(Picture stored) {
    if (this == NORMAL) {
      return stored;
    }
    int width = transposes ? stored.height() : stored.width();
    int height = transposes ? stored.width() : stored.height();
    byte[] from = stored.rgba();
    byte[] to = new byte[from.length];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int column = mirrors ? width - 1 - x : x;
        int row = flips ? height - 1 - y : y;
        int source = transposes ? column * stored.width() + row : row * stored.width() + column;
        System.arraycopy(from, 4 * source, to, 4 * (y * width + x), 4);
      }
    }
    return new Picture(width, height, to);
  }
}
