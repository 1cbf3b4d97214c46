package dev.darkroom.trainer.recipe;

import dev.darkroom.trainer.data.Picture;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.List;

/** Pictures of one size, side by side. */
public final class PictureGrid {
  private PictureGrid() {}

  /** At least one picture, {@code columns} to a line. */
  public static BufferedImage of(List<Picture> pictures, int columns) {
    int width = pictures.getFirst().width();
    int height = pictures.getFirst().height();
    int lines = (pictures.size() + columns - 1) / columns;
    BufferedImage grid =
        new BufferedImage(
            width * Math.min(columns, pictures.size()), height * lines, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = grid.createGraphics();
    for (int i = 0; i < pictures.size(); i++) {
      graphics.drawImage(pictures.get(i).image(), i % columns * width, i / columns * height, null);
    }
    graphics.dispose();
    return grid;
  }
}
