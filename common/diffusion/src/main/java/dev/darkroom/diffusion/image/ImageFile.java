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

/**
 * Reads a picture file of a stranger: its size is looked at before a pixel is decoded, and what a
 * decoder would fill with guesses is refused.
 */
public final class ImageFile {
  private ImageFile() {}

  /**
   * Decodes PNG, JPEG, WebP, GIF, BMP or TIFF, transparency over white, turned as its EXIF data
   * says: what viewers show. Of a GIF that moves, the first picture.
   *
   * @param maxPixels a picture with more is refused, whatever its file weighs
   */
  public static RgbImage decode(byte[] file, long maxPixels) {
    return decode("picture", file, maxPixels);
  }

  /**
   * The same.
   *
   * @param name what errors call the picture
   */
  public static RgbImage decode(String name, byte[] file, long maxPixels) {
    PictureHeader header = PictureHeader.of(file);
    if (header.printColours()) {
      // The JDK takes its colours for others.
      throw bad(name, "expected an RGB or gray JPEG, got CMYK; convert it to sRGB");
    }
    if (header.moves()) {
      throw bad(name, "expected a still picture, got an animated WebP");
    }
    try (ImageInputStream stream =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(stream);
      if (!readers.hasNext()) {
        throw bad(name, "expected PNG, JPEG or WebP, got a file of another kind");
      }
      ImageReader reader = readers.next();
      DecoderWarnings warnings = new DecoderWarnings();
      reader.addIIOReadWarningListener(warnings);
      try {
        reader.setInput(stream, true, true);
        int width = reader.getWidth(0);
        int height = reader.getHeight(0);
        if ((long) width * height > maxPixels) {
          throw bad(
              name, "expected at most %d pixels, got %d x %d".formatted(maxPixels, width, height));
        }
        BufferedImage image = reader.read(0);
        if (warnings.damage() != null) {
          throw bad(name, "the file is damaged: " + warnings.damage());
        }
        return upright(image, header.orientation());
      } finally {
        reader.dispose();
      }
    } catch (IOException | RuntimeException e) {
      if (e instanceof DiffusionException ours) {
        throw ours;
      }
      // Readers throw whatever a damaged file makes of their arithmetic.
      throw bad(name, "the file is damaged: " + e.getMessage());
    }
  }

  private static DiffusionException bad(String name, String what) {
    return DiffusionException.badInput(name + ": " + what);
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

  /** Over white, as viewers show it. */
  private static RgbImage upright(BufferedImage image, Orientation orientation) {
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
    return RgbImage.of(
        orientation.width(width, height),
        orientation.height(width, height),
        orientation.upright(rgb, width, height, 3));
  }
}
