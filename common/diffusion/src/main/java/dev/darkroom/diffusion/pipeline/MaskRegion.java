package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.image.Frame;
import dev.darkroom.diffusion.image.RgbImage;

/**
 * The part of a picture that holds all a mask covers, in pixels from the top left; {@code
 * get_crop_region} of diffusers.
 *
 * @param right the first column behind it
 * @param bottom the first row below it
 */
record MaskRegion(int left, int top, int right, int bottom) {

  /**
   * @param mask anything but black counts
   * @param width of what the part is resized to: it is widened or heightened to this shape, as far
   *     as the picture reaches
   * @param height with {@code width}
   * @param padding pixels around what the mask covers
   * @throws DiffusionException if the mask is black
   */
  static MaskRegion of(RgbImage mask, int width, int height, int padding) {
    MaskRegion covered = covered(mask);
    Span across = new Span(covered.left, covered.right).padded(padding, mask.width());
    Span down = new Span(covered.top, covered.bottom).padded(padding, mask.height());
    double shape = (double) width / height;
    if ((double) across.length() / down.length() > shape) {
      down = down.grown((int) (across.length() / shape - down.length()), mask.height());
    } else {
      across = across.grown((int) (down.length() * shape - across.length()), mask.width());
    }
    return new MaskRegion(across.from, down.from, across.to, down.to);
  }

  /** This part of a picture. */
  RgbImage of(RgbImage picture) {
    return picture.crop(left, top, right - left, bottom - top);
  }

  /**
   * A picture with this part of it painted anew.
   *
   * @param mask of the picture's size: white is taken from what was made, black stays byte for
   *     byte, gray is blended
   * @param made of any size
   */
  RgbImage paste(RgbImage picture, RgbImage mask, RgbImage made) {
    byte[] part = new Frame(right - left, bottom - top).filledBy(made).toBytes();
    int[] gray = of(mask).toGray();
    byte[] rgb = picture.toBytes();
    for (int i = 0; i < part.length; i++) {
      int pixel = i / 3;
      int x = left + pixel % (right - left);
      int y = top + pixel / (right - left);
      int at = 3 * (y * picture.width() + x) + i % 3;
      int share = gray[pixel];
      int blended = share * (part[i] & 0xff) + (255 - share) * (rgb[at] & 0xff);
      rgb[at] = (byte) ((blended + 127) / 255);
    }
    return RgbImage.of(picture.width(), picture.height(), rgb);
  }

  private static MaskRegion covered(RgbImage mask) {
    int[] gray = mask.toGray();
    int left = mask.width();
    int top = mask.height();
    int right = 0;
    int bottom = 0;
    for (int i = 0; i < gray.length; i++) {
      if (gray[i] != 0) {
        int x = i % mask.width();
        int y = i / mask.width();
        left = Math.min(left, x);
        top = Math.min(top, y);
        right = Math.max(right, x + 1);
        bottom = Math.max(bottom, y + 1);
      }
    }
    if (right == 0) {
      throw Mask.empty();
    }
    return new MaskRegion(left, top, right, bottom);
  }

  /** Pixels from one to before another, along one side of the picture. */
  private record Span(int from, int to) {
    int length() {
      return to - from;
    }

    Span padded(int padding, int end) {
      return new Span(Math.max(from - padding, 0), Math.min(to + padding, end));
    }

    /** Longer at both ends, moved where it would leave the picture, cut where it is too long. */
    Span grown(int more, int end) {
      int length = Math.min(length() + more, end);
      int moved = Math.clamp(from - more / 2, 0, end - length);
      return new Span(moved, moved + length);
    }
  }
}
