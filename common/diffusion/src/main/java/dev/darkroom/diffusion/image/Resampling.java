package dev.darkroom.diffusion.image;

/**
 * Resizing as Pillow does it, to the byte: a windowed filter that widens where a picture shrinks,
 * along the rows and along the columns, in fixed-point numbers.
 */
public enum Resampling {
  /** sinc(x) sinc(x / 3) up to 3 pixels away. */
  LANCZOS(3) {
    @Override
    double filter(double x) {
      return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
    }
  },
  /** Keys' cubic convolution with a = -0.5, up to 2 pixels away. */
  BICUBIC(2) {
    @Override
    double filter(double x) {
      double a = -0.5;
      double d = Math.abs(x);
      if (d < 1) {
        return ((a + 2) * d - (a + 3)) * d * d + 1;
      }
      return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
    }
  };

  /** Of a weight's fraction: what 8 bits of colour and 2 of overshoot leave of an int. */
  private static final int PRECISION = 32 - 8 - 2;

  private static final int COLOURS = 3;

  private final double support;

  Resampling(double support) {
    this.support = support;
  }

  abstract double filter(double x);

  private static double sinc(double x) {
    return x == 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
  }

  /** The picture in another size; itself where it has that size. */
  public RgbImage resize(RgbImage image, int width, int height) {
    // Pillow 13 begins with the columns where they lose more than twice what the rows do; both ways
    // round differ by more than rounding, as each pass cuts what lies outside 0 to 255.
    int shorter = image.height() - height;
    boolean columnsFirst = shorter > 0 && shorter > 2 * (image.width() - width);
    return columnsFirst
        ? alongRows(alongColumns(image, height), width)
        : alongColumns(alongRows(image, width), height);
  }

  private RgbImage alongRows(RgbImage image, int width) {
    if (width == image.width()) {
      return image;
    }
    byte[] rgb = image.toBytes();
    byte[] resized = new byte[COLOURS * width * image.height()];
    Weights weights = weights(image.width(), width);
    int stride = COLOURS * image.width();
    for (int i = 0; i < resized.length; i++) {
      int pixel = i / COLOURS;
      int start = pixel / width * stride + i % COLOURS;
      resized[i] = weights.at(pixel % width, rgb, start, COLOURS);
    }
    return RgbImage.of(width, image.height(), resized);
  }

  private RgbImage alongColumns(RgbImage image, int height) {
    if (height == image.height()) {
      return image;
    }
    byte[] rgb = image.toBytes();
    int stride = COLOURS * image.width();
    byte[] resized = new byte[stride * height];
    Weights weights = weights(image.height(), height);
    for (int i = 0; i < resized.length; i++) {
      resized[i] = weights.at(i / stride, rgb, i % stride, stride);
    }
    return RgbImage.of(image.width(), height, resized);
  }

  /**
   * Which old pixels make a new one.
   *
   * @param first of them, for each new pixel
   * @param shares fixed-point weights of those from there on
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Weights(int[] first, int[][] shares) {
    byte at(int place, byte[] values, int start, int stride) {
      int[] share = shares[place];
      int from = start + first[place] * stride;
      int sum = 1 << (PRECISION - 1);
      for (int k = 0; k < share.length; k++) {
        sum += (values[from + k * stride] & 0xff) * share[k];
      }
      return (byte) Math.clamp(sum >> PRECISION, 0, 255);
    }
  }

  private Weights weights(int size, int newSize) {
    double scale = (double) size / newSize;
    double widened = Math.max(1, scale);
    double reach = support * widened;
    int[] first = new int[newSize];
    int[][] shares = new int[newSize][];
    for (int i = 0; i < newSize; i++) {
      double center = (i + 0.5) * scale;
      int from = Math.max(0, (int) (center - reach + 0.5));
      int to = Math.min(size, (int) (center + reach + 0.5));
      double[] weight = new double[to - from];
      double sum = 0;
      for (int k = 0; k < weight.length; k++) {
        weight[k] = filter((k + from - center + 0.5) * (1 / widened));
        sum += weight[k];
      }
      first[i] = from;
      shares[i] = new int[weight.length];
      for (int k = 0; k < weight.length; k++) {
        double normal = sum == 0 ? weight[k] : weight[k] / sum;
        double fixed = normal * (1 << PRECISION);
        shares[i][k] = (int) (fixed < 0 ? fixed - 0.5 : fixed + 0.5);
      }
    }
    return new Weights(first, shares);
  }
}
