package dev.darkroom.diffusion.image;

import dev.darkroom.diffusion.DiffusionException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** The kinds of file a picture is written as. */
public enum ImageFormat {
  /** Without loss: what is read is what was written. */
  PNG("png", "image/png"),
  JPEG("jpg", "image/jpeg"),
  WEBP("webp", "image/webp");

  /** Shows no blocks on flat colours; what photo software calls high. */
  private static final float QUALITY = 0.95f;

  private final String extension;
  private final String mediaType;

  ImageFormat(String extension, String mediaType) {
    this.extension = extension;
    this.mediaType = mediaType;
  }

  /** Of file names, without the dot. */
  public String extension() {
    return extension;
  }

  /** Of HTTP. */
  public String mediaType() {
    return mediaType;
  }

  /** The format of a file name's ending, or of its bare name: png, jpg, jpeg, webp. */
  public static ImageFormat parse(String name) {
    String ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    return switch (ending) {
      case "png" -> PNG;
      case "jpg", "jpeg" -> JPEG;
      case "webp" -> WEBP;
      default ->
          throw DiffusionException.badInput(
              "image format: expected png, jpg or webp, got " + ending);
    };
  }

  /** The picture as a file of this format; the same picture gives the same bytes. */
  public byte[] encode(RgbImage image) {
    BufferedImage buffered =
        new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        buffered.setRGB(x, y, image.pixel(x, y));
      }
    }
    ImageWriter writer = writer();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(stream);
      writer.write(null, new IIOImage(buffered, null, null), parameters(writer));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory does not fail
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  private ImageWriter writer() {
    Iterator<ImageWriter> writers = ImageIO.getImageWritersByMIMEType(mediaType);
    if (!writers.hasNext()) {
      throw DiffusionException.internal("no writer for " + mediaType + " on the class path", null);
    }
    return writers.next();
  }

  private ImageWriteParam parameters(ImageWriter writer) {
    ImageWriteParam parameters = writer.getDefaultWriteParam();
    switch (this) {
      case PNG -> {}
      case JPEG, WEBP -> {
        parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        if (this == WEBP) {
          parameters.setCompressionType("Lossy");
        }
        parameters.setCompressionQuality(QUALITY);
      }
    }
    return parameters;
  }
}
