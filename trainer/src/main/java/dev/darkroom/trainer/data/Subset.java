package dev.darkroom.trainer.data;

import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** Some of a dataset's samples, in its order. */
public final class Subset implements Dataset {
  private final Dataset all;
  private final int[] indices;
  private final String name;

  /**
   * @param name tells the subset from others of the same dataset
   * @param kept of the indices of {@code all}; at least one
   */
  public Subset(Dataset all, String name, IntPredicate kept) {
    this.all = all;
    this.name = name;
    this.indices = IntStream.range(0, all.size()).filter(kept).toArray();
    if (indices.length == 0) {
      throw new IllegalArgumentException("subset %s: expected at least one sample".formatted(name));
    }
  }

  @Override
  public int size() {
    return indices.length;
  }

  @Override
  public int width() {
    return all.width();
  }

  @Override
  public int height() {
    return all.height();
  }

  @Override
  public int variants() {
    return all.variants();
  }

  @Override
  public String fingerprint() {
    return all.fingerprint() + " " + name;
  }

  @Override
  public Sample draw(int index, long seed, long step) {
    Sample sample = all.draw(indices[index], seed, step);
    return new Sample(index, sample.variant(), sample.caption(), sample.label());
  }

  @Override
  public Picture picture(int index, int variant) {
    return all.picture(indices[index], variant);
  }

  @Override
  public String name(int index) {
    return all.name(indices[index]);
  }
}
