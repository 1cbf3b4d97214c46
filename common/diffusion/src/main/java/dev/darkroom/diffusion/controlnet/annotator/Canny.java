package dev.darkroom.diffusion.controlnet.annotator;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.image.RgbImage;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The edges of a picture, white on black. Canny 1986, as OpenCV's {@code Canny(image, low, high)}
 * computes it: Sobel of the colour that changes most, |dx| + |dy|, thinned across the edge, and
 * weak edges kept where they touch strong ones.
 *
 * @param low a change below it is none
 * @param high a change above it is an edge by itself; between the two it must touch one
 */
public record Canny(int low, int high) {
  /** tan(22.5 degrees) in units of 2^-15. */
  private static final int TAN_22 = 13573;

  private static final int SHIFT = 15;

  private static final byte NONE = 0;
  private static final byte WEAK = 1;
  private static final byte STRONG = 2;

  /** The thresholds that ControlNet's own demonstration starts with. */
  public static final Canny DEFAULT = new Canny(100, 200);

  public Canny {
    if (low < 0 || high < low) {
      throw DiffusionException.badInput(
          "canny: expected thresholds 0 <= low <= high, got %d and %d".formatted(low, high));
    }
  }

  public RgbImage of(RgbImage picture) {
    int width = picture.width();
    int height = picture.height();
    int[] dx = new int[width * height];
    int[] dy = new int[width * height];
    sobel(picture, dx, dy);
    byte[] kinds = thinned(width, height, dx, dy);
    followEdges(width, height, kinds);
    byte[] rgb = new byte[3 * kinds.length];
    for (int i = 0; i < kinds.length; i++) {
      if (kinds[i] == STRONG) {
        rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = (byte) 255;
      }
    }
    return RgbImage.of(width, height, rgb);
  }

  /** 3x3 derivatives, the border repeated, of the colour with the largest |dx| + |dy|. */
  private static void sobel(RgbImage picture, int[] dx, int[] dy) {
    int width = picture.width();
    int height = picture.height();
    byte[] rgb = picture.toBytes();
    for (int y = 0; y < height; y++) {
      int above = 3 * Math.max(y - 1, 0) * width;
      int here = 3 * y * width;
      int below = 3 * Math.min(y + 1, height - 1) * width;
      for (int x = 0; x < width; x++) {
        int left = 3 * Math.max(x - 1, 0);
        int middle = 3 * x;
        int right = 3 * Math.min(x + 1, width - 1);
        int most = -1;
        for (int c = 0; c < 3; c++) {
          int l = column(rgb, above + left + c, here + left + c, below + left + c);
          int r = column(rgb, above + right + c, here + right + c, below + right + c);
          int a = column(rgb, above + left + c, above + middle + c, above + right + c);
          int b = column(rgb, below + left + c, below + middle + c, below + right + c);
          int change = Math.abs(r - l) + Math.abs(b - a);
          if (change > most) {
            most = change;
            dx[y * width + x] = r - l;
            dy[y * width + x] = b - a;
          }
        }
      }
    }
  }

  /** Three values, weighted 1, 2, 1. */
  private static int column(byte[] rgb, int first, int second, int third) {
    return (rgb[first] & 0xff) + 2 * (rgb[second] & 0xff) + (rgb[third] & 0xff);
  }

  /**
   * Non-maximum suppression: what is largest across its edge, by the nearest of four directions.
   */
  private byte[] thinned(int width, int height, int[] dx, int[] dy) {
    // A frame of zeros spares the border its special cases.
    int stride = width + 2;
    int[] magnitude = new int[stride * (height + 2)];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int i = y * width + x;
        magnitude[(y + 1) * stride + x + 1] = Math.abs(dx[i]) + Math.abs(dy[i]);
      }
    }
    byte[] kinds = new byte[width * height];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int i = y * width + x;
        int at = (y + 1) * stride + x + 1;
        if (magnitude[at] > low && isMaximum(magnitude, at, stride, dx[i], dy[i])) {
          kinds[i] = magnitude[at] > high ? STRONG : WEAK;
        }
      }
    }
    return kinds;
  }

  private static boolean isMaximum(int[] magnitude, int at, int stride, int dx, int dy) {
    int m = magnitude[at];
    long across = Math.abs(dx);
    long along = (long) Math.abs(dy) << SHIFT;
    long tan22 = across * TAN_22;
    // tan(67.5) = tan(22.5) + 2
    long tan67 = tan22 + (across << (SHIFT + 1));
    if (along < tan22) {
      return m > magnitude[at - 1] && m >= magnitude[at + 1];
    }
    if (along > tan67) {
      return m > magnitude[at - stride] && m >= magnitude[at + stride];
    }
    int side = (dx ^ dy) < 0 ? -1 : 1;
    return m > magnitude[at - stride - side] && m > magnitude[at + stride + side];
  }

  /** Hysteresis: a weak edge that touches a strong one is strong. */
  private static void followEdges(int width, int height, byte[] kinds) {
    Deque<Integer> open = new ArrayDeque<>();
    for (int i = 0; i < kinds.length; i++) {
      if (kinds[i] == STRONG) {
        open.push(i);
      }
    }
    while (!open.isEmpty()) {
      int i = open.pop();
      int x = i % width;
      int y = i / width;
      for (int v = Math.max(y - 1, 0); v <= Math.min(y + 1, height - 1); v++) {
        for (int u = Math.max(x - 1, 0); u <= Math.min(x + 1, width - 1); u++) {
          int next = v * width + u;
          if (kinds[next] == WEAK) {
            kinds[next] = STRONG;
            open.push(next);
          }
        }
      }
    }
    for (int i = 0; i < kinds.length; i++) {
      if (kinds[i] == WEAK) {
        kinds[i] = NONE;
      }
    }
  }
}
