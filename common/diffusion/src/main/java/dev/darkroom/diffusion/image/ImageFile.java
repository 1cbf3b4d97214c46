package dev.darkroom.diffusion.image;

import dev.darkroom.diffusion.DiffusionException;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** Reads a picture file of a stranger: its size is looked at before a pixel is decoded. */
public final class ImageFile {
  private ImageFile() {}

  /**
   * Decodes PNG, JPEG, WebP, GIF or BMP, transparency over white.
   *
   * @param maxPixels a picture with more is refused, whatever its file weighs
   */
  public static RgbImage decode(byte[] file, long maxPixels) {
    try (ImageInputStream stream =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(stream);
      if (!readers.hasNext()) {
        throw DiffusionException.badInput(
            "picture: expected PNG, JPEG or WebP, got a file of another kind");
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(stream, true, true);
        int width = reader.getWidth(0);
        int height = reader.getHeight(0);
        if ((long) width * height > maxPixels) {
          throw DiffusionException.badInput(
              "picture: expected at most %d pixels, got %d x %d"
                  .formatted(maxPixels, width, height));
        }
        return overWhite(reader.read(0));
      } finally {
        reader.dispose();
      }
    } catch (IOException | RuntimeException e) {
      if (e instanceof DiffusionException ours) {
        throw ours;
      }
      // Readers throw whatever a damaged file makes of their arithmetic.
      throw DiffusionException.badInput("picture: the file is damaged: " + e.getMessage());
    }
  }

  /**
   * A row of a picture without colour as ARGB. Java takes its values for linear light and would
   * brighten them; in files they are not.
   */
  private static void readGray(BufferedImage image, int y, int[] row) {
    Raster raster = image.getRaster();
    int excess = image.getColorModel().getComponentSize(0) - 8;
    boolean hasAlpha = raster.getNumBands() > 1;
    for (int x = 0; x < row.length; x++) {
      int value = raster.getSample(x, y, 0) >> excess;
      int alpha = hasAlpha ? raster.getSample(x, y, 1) >> excess : 255;
      row[x] = alpha << 24 | value << 16 | value << 8 | value;
    }
  }

  private static RgbImage overWhite(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    byte[] rgb = new byte[3 * width * height];
    int[] row = new int[width];
    boolean gray = image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY;
    for (int y = 0, i = 0; y < height; y++) {
      if (gray) {
        readGray(image, y, row);
      } else {
        image.getRGB(0, y, width, 1, row, 0, width);
      }
      for (int argb : row) {
        int alpha = argb >>> 24;
        for (int shift = 16; shift >= 0; shift -= 8) {
          int value = (argb >> shift) & 0xff;
          rgb[i++] = (byte) ((value * alpha + 255 * (255 - alpha) + 127) / 255);
        }
      }
    }
    return RgbImage.of(width, height, rgb);
  }
}
