package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import java.util.ArrayList;
import java.util.List;

/**
 * Overlapping windows that cover a latent; the last ones of a row and of a column end with it.
 *
 * @param side of a window, in the latent
 * @param stride from one to the next, at most a side
 */
record Windows(int side, int stride) {
  Windows {
    if (side < 1 || stride < 1 || stride > side) {
      throw DiffusionException.badInput(
          "windows: expected a side and a stride of 1 to that, got %d and %d"
              .formatted(side, stride));
    }
  }

  /**
   * @param overlap pixels that a window shares with the next
   * @param factor pixels to a side of a latent's pixel, which divides both
   */
  static Windows ofPixels(int side, int overlap, int factor) {
    if (side < factor || side % factor != 0 || overlap % factor != 0) {
      throw DiffusionException.badInput(
          "windows: expected a side and an overlap in multiples of %d, got %d and %d"
              .formatted(factor, side, overlap));
    }
    if (overlap < 0 || overlap >= side) {
      throw DiffusionException.badInput(
          "windows: expected an overlap of 0 to less than the side %d, got %d"
              .formatted(side, overlap));
    }
    return new Windows(side / factor, (side - overlap) / factor);
  }

  /** A rectangle of a latent. */
  record Window(int top, int left, int height, int width) {

    /**
     * What is in it.
     *
     * @param planes [c*h*w] of any c
     * @return [c*height*width]
     */
    float[] cut(float[] planes, LatentShape shape) {
      int channels = planes.length / (shape.height() * shape.width());
      float[] part = new float[channels * height * width];
      for (int row = 0; row < channels * height; row++) {
        int from = (row / height * shape.height() + top + row % height) * shape.width() + left;
        System.arraycopy(planes, from, part, row * width, width);
      }
      return part;
    }

    /** Adds to the planes what is meant for this part of them. */
    void add(float[] part, float[] planes, LatentShape shape) {
      int channels = planes.length / (shape.height() * shape.width());
      for (int row = 0; row < channels * height; row++) {
        int to = (row / height * shape.height() + top + row % height) * shape.width() + left;
        for (int x = 0; x < width; x++) {
          planes[to + x] += part[row * width + x];
        }
      }
    }
  }

  /** One after the other, row by row. */
  List<Window> over(LatentShape shape) {
    List<Window> windows = new ArrayList<>();
    for (int top : starts(shape.height())) {
      for (int left : starts(shape.width())) {
        windows.add(
            new Window(top, left, Math.min(side, shape.height()), Math.min(side, shape.width())));
      }
    }
    return windows;
  }

  private List<Integer> starts(int length) {
    List<Integer> starts = new ArrayList<>();
    for (int start = 0; start + side < length; start += stride) {
      starts.add(start);
    }
    starts.add(Math.max(0, length - side));
    return starts;
  }
}
