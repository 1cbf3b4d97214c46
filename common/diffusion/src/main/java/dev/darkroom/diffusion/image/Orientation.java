package dev.darkroom.diffusion.image;

/**
 * How a camera was held, in the order of the values of the EXIF tag of that name: what viewers show
 * is the stored picture turned or mirrored, and what a person says of a picture is said of that.
 */
public enum Orientation {
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

  /** The width of what viewers show, or the height that is stored. */
  public int width(int width, int height) {
    return transposes ? height : width;
  }

  /** The height of what viewers show, or the width that is stored. */
  public int height(int width, int height) {
    return transposes ? width : height;
  }

  /**
   * The picture as viewers show it, of {@link #width} and {@link #height}.
   *
   * @param stored [height * width * channels], row by row; itself where nothing is turned
   * @param channels bytes of a pixel
   */
  public byte[] upright(byte[] stored, int width, int height, int channels) {
    if (this == NORMAL) {
      return stored;
    }
    int newWidth = width(width, height);
    int newHeight = height(width, height);
    byte[] turned = new byte[stored.length];
    for (int y = 0; y < newHeight; y++) {
      for (int x = 0; x < newWidth; x++) {
        int column = mirrors ? newWidth - 1 - x : x;
        int row = flips ? newHeight - 1 - y : y;
        int from = transposes ? column * width + row : row * width + column;
        System.arraycopy(stored, channels * from, turned, channels * (y * newWidth + x), channels);
      }
    }
    return turned;
  }
}
