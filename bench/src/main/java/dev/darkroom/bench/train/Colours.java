package dev.darkroom.bench.train;

import dev.darkroom.trainer.data.Dataset;
import dev.darkroom.trainer.data.Picture;
import dev.darkroom.trainer.data.Sample;
import java.util.OptionalInt;

/** Pictures of one colour each, in ten classes: enough to train on for time's sake. */
record Colours(int size, int side) implements Dataset {
  private static final int CLASSES = 10;

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
    return 1;
  }

  @Override
  public String fingerprint() {
    return toString();
  }

  @Override
  public Sample draw(int index, long seed, long step) {
    return new Sample(index, 0, name(index), OptionalInt.of(index % CLASSES));
  }

  @Override
  public Picture picture(int index, int variant) {
    byte[] rgba = new byte[side * side * 4];
    for (int at = 0; at < rgba.length; at += 4) {
      rgba[at] = (byte) (index * 4);
      rgba[at + 1] = (byte) (255 - index * 4);
      rgba[at + 2] = (byte) (index * 7);
      rgba[at + 3] = (byte) 255;
    }
    return new Picture(side, side, rgba);
  }

  @Override
  public String name(int index) {
    return "colour " + index;
  }
}
