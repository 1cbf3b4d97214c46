package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.image.RgbImage;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A picture on a larger canvas, for outpainting: inpainting of what lies around it.
 *
 * @param image the picture, its edges drawn out to those of the canvas
 * @param mask white around the picture
 */
public record Canvas(RgbImage image, RgbImage mask) {

  /**
   * Pixels added on each side.
   *
   * @throws DiffusionException if a number is negative or beyond any picture
   */
  public record Padding(int left, int top, int right, int bottom) {
    public Padding {
      for (int side : new int[] {left, top, right, bottom}) {
        if (side < 0 || side > TextToImage.MAX_SIDE) {
          throw DiffusionException.badInput(
              "padding: expected 0 to %d pixels on a side, got %d"
                  .formatted(TextToImage.MAX_SIDE, side));
        }
      }
    }
  }

  /**
   * @param mask white where the picture itself is painted anew, of its size; null for nowhere
   */
  public static Canvas around(RgbImage image, @Nullable RgbImage mask, Padding padding) {
    if (mask != null && (mask.width() != image.width() || mask.height() != image.height())) {
      throw DiffusionException.badInput(
          "mask: expected the picture's size %d x %d where it is padded, got %d x %d"
              .formatted(image.width(), image.height(), mask.width(), mask.height()));
    }
    int width = image.width() + padding.left() + padding.right();
    int height = image.height() + padding.top() + padding.bottom();
    byte[] old = image.toBytes();
    byte[] oldMask = mask == null ? new byte[old.length] : mask.toBytes();
    byte[] drawn = new byte[3 * width * height];
    byte[] white = new byte[drawn.length];
    Arrays.fill(white, (byte) 255);
    for (int y = 0; y < height; y++) {
      int fromY = y - padding.top();
      int nearY = Math.clamp(fromY, 0, image.height() - 1);
      for (int x = 0; x < width; x++) {
        int fromX = x - padding.left();
        int nearX = Math.clamp(fromX, 0, image.width() - 1);
        int from = 3 * (nearY * image.width() + nearX);
        int to = 3 * (y * width + x);
        System.arraycopy(old, from, drawn, to, 3);
        if (fromX == nearX && fromY == nearY) {
          System.arraycopy(oldMask, from, white, to, 3);
        }
      }
    }
    return new Canvas(RgbImage.of(width, height, drawn), RgbImage.of(width, height, white));
  }
}
