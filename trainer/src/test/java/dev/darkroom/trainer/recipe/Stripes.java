package dev.darkroom.trainer.recipe;

import dev.darkroom.trainer.data.Dataset;
import dev.darkroom.trainer.data.Draw;
import dev.darkroom.trainer.data.Picture;
import dev.darkroom.trainer.data.Sample;
import java.util.OptionalInt;

/**
 * Small pictures of stripes, each with its own colour and width: a data set that needs no files.
 */
public record Stripes(int size, int side) implements Dataset {

  @Override
  public int width() {
    return side;
  }

  @Override
  public int height() {
    return side;
  }

  @Override
  public int variants() {
    return 2;
  }

  @Override
  public String fingerprint() {
    return "stripes " + size + " " + side;
  }

  @Override
  public Sample draw(int index, long seed, long step) {
    int variant = new Draw(seed, step, index).random(Draw.Purpose.VARIANT).nextInt(2);
    return new Sample(index, variant, variant == 0 ? "stripes" : "bars", OptionalInt.of(index % 2));
  }

  @Override
  public Picture picture(int index, int variant) {
    byte[] rgba = new byte[side * side * 4];
    for (int pixel = 0; pixel < side * side; pixel++) {
      int along = variant == 0 ? pixel % side : pixel / side;
      boolean on = along / (2 + index % 5) % 2 == 0;
      rgba[pixel * 4] = (byte) (on ? 40 * index : 255);
      rgba[pixel * 4 + 1] = (byte) (on ? 255 - 25 * index : 200);
      rgba[pixel * 4 + 2] = (byte) (on ? 90 : 255 - 10 * index);
      rgba[pixel * 4 + 3] = (byte) 255;
    }
    return new Picture(side, side, rgba);
  }

  @Override
  public String name(int index) {
    return "stripes " + index;
  }
}
