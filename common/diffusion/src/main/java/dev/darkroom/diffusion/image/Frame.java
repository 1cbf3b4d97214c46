package dev.darkroom.diffusion.image;

/**
 * A size that a picture of another shape is brought to without distortion, by Lanczos: the resize
 * modes of diffusers' {@code VaeImageProcessor}, to the byte.
 *
 * @param width pixels
 * @param height pixels
 */
public record Frame(int width, int height) {

  /**
   * The whole picture in the middle, its edges drawn out to those of the frame: {@code fill}. Of a
   * frame with an odd side, diffusers may leave the last row or column black.
   */
  public RgbImage around(RgbImage picture) {
    boolean wider = isWider(picture);
    Side across =
        new Side(width, wider ? width : scaled(picture.width(), height, picture.height()));
    Side down = new Side(height, wider ? scaled(picture.height(), width, picture.width()) : height);
    byte[] inner = Resampling.LANCZOS.resize(picture, across.inner(), down.inner()).toBytes();
    byte[] framed = new byte[3 * width * height];
    for (int i = 0; i < framed.length; i++) {
      int x = i / 3 % width;
      int y = i / 3 / width;
      int edge = 3 * (down.nearest(y) * across.inner() + across.nearest(x)) + i % 3;
      int inside = 3 * (down.inside(y) * across.inner() + across.inside(x)) + i % 3;
      framed[i] = drawnOut(inner[edge] & 0xff, inner[inside] & 0xff);
    }
    return RgbImage.of(width, height, framed);
  }

  /** As much of the picture's middle as fills the frame: {@code crop}. */
  public RgbImage filledBy(RgbImage picture) {
    boolean wider = isWider(picture);
    int outerWidth = wider ? scaled(picture.width(), height, picture.height()) : width;
    int outerHeight = wider ? height : scaled(picture.height(), width, picture.width());
    return Resampling.LANCZOS
        .resize(picture, outerWidth, outerHeight)
        .crop(outerWidth / 2 - width / 2, outerHeight / 2 - height / 2, width, height);
  }

  /** Whether a picture as high as the frame is wider. */
  private boolean isWider(RgbImage picture) {
    return (long) width * picture.height() < (long) picture.width() * height;
  }

  /** A side of a picture whose other side is resized. */
  private static int scaled(int side, int newOther, int other) {
    return Math.max(1, (int) ((long) side * newOther / other));
  }

  /**
   * What Pillow's bicubic filter makes of a picture's very edge, which diffusers fills with; of a
   * pixel within the picture, itself.
   */
  private static byte drawnOut(int edge, int inside) {
    return (byte) Math.clamp((9 * edge - inside + 4) >> 3, 0, 255);
  }

  /**
   * Where the frame's pixels lie along one of its sides.
   *
   * @param inner the picture's, in the middle
   */
  private record Side(int frame, int inner) {
    private int place(int at) {
      return at - (frame / 2 - inner / 2);
    }

    int nearest(int at) {
      return Math.clamp(place(at), 0, inner - 1);
    }

    /** The nearest, or where that is an edge seen from outside, the one behind it. */
    int inside(int at) {
      int nearest = nearest(at);
      return Math.clamp(nearest + Integer.signum(nearest - place(at)), 0, inner - 1);
    }
  }
}
