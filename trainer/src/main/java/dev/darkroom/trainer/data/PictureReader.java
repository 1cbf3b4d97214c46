package dev.darkroom.trainer.data;

import com.luciad.imageio.webp.WebPImageReaderSpi;
import dev.darkroom.diffusion.image.DecoderWarnings;
import dev.darkroom.diffusion.image.Orientation;
import dev.darkroom.diffusion.image.PictureHeader;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Decodes PNG, JPEG and WebP, told apart by their first bytes and never by a name. Strict where the
 * decoders are lenient: a PNG whose checksums fail, a file that ends early, or one that a decoder
 * repaired by guessing is an error, because a model would learn the damage. The size is read from
 * the header and bounded before any pixel is allocated. A picture is turned as its EXIF data says.
 */
public final class PictureReader {
  /** 64 megapixels: 256 MB of decoded bytes. */
  static final long MAX_PIXELS = 64L << 20;

  /** Bytes of a file; a larger one is refused unread. */
  static final long MAX_BYTES = 256L << 20;

  private PictureReader() {}

  /**
   * @param name what errors call the picture
   * @throws DarkroomException {@link ErrorCode#INVALID_DATASET}, one sentence that names the file
   */
  public static Picture read(String name, byte[] bytes) {
    Format format = Format.of(bytes);
    if (format == null) {
      throw invalid(name, "expected a PNG, JPEG or WebP picture, got " + firstBytes(bytes), null);
    }
    if (format == Format.PNG) {
      PngChunks.verify(name, bytes);
    }
    PictureHeader header = PictureHeader.of(bytes);
    if (header.printColours()) {
      // The JDK takes them for others, which would teach a model wrong ones.
      throw invalid(name, "expected an RGB or grey JPEG, got CMYK; convert it to sRGB", null);
    }
    ImageReader reader = format.reader();
    DecoderWarnings warnings = new DecoderWarnings();
    reader.addIIOReadWarningListener(warnings);
    try (ImageInputStream input =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
      reader.setInput(input, true, true);
      long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
      if (pixels < 1 || pixels > MAX_PIXELS) {
        throw invalid(
            name,
            "expected at most %d pixels, got %d x %d; shrink the picture"
                .formatted(MAX_PIXELS, reader.getWidth(0), reader.getHeight(0)),
            null);
      }
      BufferedImage image = reader.read(0);
      if (warnings.damage() != null) {
        throw invalid(name, "the picture is damaged: " + warnings.damage(), null);
      }
      return upright(Picture.of(image), header.orientation());
    } catch (IOException | RuntimeException e) {
      if (e instanceof DarkroomException ours) {
        throw ours;
      }
      throw invalid(name, "cannot be decoded as " + format + ": " + e.getMessage(), e);
    } finally {
      reader.dispose();
    }
  }

  private static Picture upright(Picture stored, Orientation orientation) {
    int width = stored.width();
    int height = stored.height();
    return new Picture(
        orientation.width(width, height),
        orientation.height(width, height),
        orientation.upright(stored.rgba(), width, height, 4));
  }

  static DarkroomException invalid(String name, String problem, @Nullable Throwable cause) {
    return new DarkroomException(ErrorCode.INVALID_DATASET, name + ": " + problem, cause);
  }

  private static String firstBytes(byte[] bytes) {
    StringBuilder text = new StringBuilder(bytes.length + " bytes that start with");
    for (int at = 0; at < Math.min(8, bytes.length); at++) {
      text.append(" %02x".formatted(bytes[at]));
    }
    return bytes.length == 0 ? "an empty file" : text.toString();
  }

  private enum Format {
    PNG,
    JPEG,
    WEBP;

    static @Nullable Format of(byte[] bytes) {
      if (startsWith(bytes, 0, 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n')) {
        return PNG;
      }
      if (startsWith(bytes, 0, 0xff, 0xd8, 0xff)) {
        return JPEG;
      }
      if (startsWith(bytes, 0, 'R', 'I', 'F', 'F') && startsWith(bytes, 8, 'W', 'E', 'B', 'P')) {
        return WEBP;
      }
      return null;
    }

    private static boolean startsWith(byte[] bytes, int from, int... expected) {
      if (bytes.length < from + expected.length) {
        return false;
      }
      for (int at = 0; at < expected.length; at++) {
        if ((bytes[from + at] & 0xff) != expected[at]) {
          return false;
        }
      }
      return true;
    }

    /** WebP's reader is made by hand: the service lookup of ImageIO sees one class loader only. */
    ImageReader reader() {
      return switch (this) {
        case PNG -> ImageIO.getImageReadersByFormatName("png").next();
        case JPEG -> ImageIO.getImageReadersByFormatName("jpeg").next();
        case WEBP -> new WebPImageReaderSpi().createReaderInstance(null);
      };
    }
  }
}
