package dev.darkroom.e2e;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;

/** A dataset as a person packs it: pictures and {@code metadata.jsonl}. */
final class DatasetZip {
  private static final int SIDE = 32;
  private static final List<Color> COLOURS =
      List.of(
          Color.RED,
          Color.GREEN,
          Color.BLUE,
          Color.YELLOW,
          Color.CYAN,
          Color.MAGENTA,
          Color.WHITE,
          Color.ORANGE);

  private DatasetZip() {}

  /** Eight squares, each of its colour on black. */
  static byte[] colouredSquares() throws IOException {
    var bytes = new ByteArrayOutputStream();
    var metadata = new StringBuilder();
    try (var zip = new ZipOutputStream(bytes)) {
      for (int i = 0; i < COLOURS.size(); i++) {
        zip.putNextEntry(new ZipEntry(i + ".png"));
        zip.write(square(COLOURS.get(i)));
        metadata.append(
            "{\"file_name\": \"%d.png\", \"text\": \"square number %d\"}\n".formatted(i, i));
      }
      zip.putNextEntry(new ZipEntry("metadata.jsonl"));
      zip.write(metadata.toString().getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  private static byte[] square(Color colour) throws IOException {
    var picture = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
    var canvas = picture.createGraphics();
    canvas.setColor(colour);
    canvas.fillRect(SIDE / 4, SIDE / 4, SIDE / 2, SIDE / 2);
    canvas.dispose();
    var png = new ByteArrayOutputStream();
    ImageIO.write(picture, "png", png);
    return png.toByteArray();
  }
}
