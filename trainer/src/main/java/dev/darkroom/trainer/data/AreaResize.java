package dev.darkroom.trainer.data;

/** One resize by area: rows first, then columns, in alpha-weighted floats. */
final class AreaResize {
  private final Picture source;
  private final int width;
  private final int height;

  AreaResize(Picture source, int width, int height) {
    this.source = source;
    this.width = width;
    this.height = height;
  }

  Picture resized() {
    float[] weighted = weighted(source);
    float[] narrow = along(weighted, source.height(), source.width(), width, 4, source.width() * 4);
    float[] small = transposedAlong(narrow);
    return unweighted(small);
  }

  private static float[] weighted(Picture picture) {
    byte[] rgba = picture.rgba();
    float[] weighted = new float[rgba.length];
    for (int at = 0; at < rgba.length; at += 4) {
      float alpha = (rgba[at + 3] & 0xff) / 255f;
      for (int channel = 0; channel < 3; channel++) {
        weighted[at + channel] = (rgba[at + channel] & 0xff) * alpha;
      }
      weighted[at + 3] = alpha;
    }
    return weighted;
  }

  /** [lines, from, 4] to [lines, to, 4]. */
  private static float[] along(float[] in, int lines, int from, int to, int pixel, int line) {
    float[] out = new float[lines * to * 4];
    double scale = (double) from / to;
    for (int target = 0; target < to; target++) {
      double start = target * scale;
      double end = start + scale;
      for (int at = (int) start; at < from && at < end; at++) {
        float share = (float) ((Math.min(end, at + 1) - Math.max(start, at)) / scale);
        if (share <= 0) {
          continue;
        }
        for (int row = 0; row < lines; row++) {
          int read = row * line + at * pixel;
          int write = (row * to + target) * 4;
          for (int channel = 0; channel < 4; channel++) {
            out[write + channel] += share * in[read + channel];
          }
        }
      }
    }
    return out;
  }

  /**
   * [source height, width, 4] to [width, height, 4]: the columns of the narrowed picture, read in
   * place.
   */
  private float[] transposedAlong(float[] narrow) {
    return along(narrow, width, source.height(), height, width * 4, 4);
  }

  private Picture unweighted(float[] columns) {
    byte[] rgba = new byte[width * height * 4];
    for (int x = 0; x < width; x++) {
      for (int y = 0; y < height; y++) {
        int read = (x * height + y) * 4;
        int write = (y * width + x) * 4;
        float alpha = columns[read + 3];
        for (int channel = 0; channel < 3 && alpha > 0; channel++) {
          rgba[write + channel] = (byte) Math.min(255, Math.round(columns[read + channel] / alpha));
        }
        rgba[write + 3] = (byte) Math.min(255, Math.round(alpha * 255));
      }
    }
    return new Picture(width, height, rgba);
  }
}
