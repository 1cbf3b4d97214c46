package dev.darkroom.trainer.data;

/**
 * Pictures with captions, in a fixed order. Everything here is a pure function of its arguments:
 * the same (index, seed, step) gives the same sample on any machine and after any restart. Safe for
 * use by several threads.
 */
public interface Dataset {

  /** Number of samples; at least 1. */
  int size();

  /** Width of every picture, in pixels. */
  int width();

  /** Height of every picture, in pixels. */
  int height();

  /**
   * How many renderings each picture has, for example one per background colour. A latent cache
   * keyed by (index, variant) with {@code size() * variants()} entries is complete.
   */
  int variants();

  /**
   * SHA-256, in hex, of everything that {@link #draw} and {@link #picture} depend on: the key of
   * caches, and what a resumed run compares.
   */
  String fingerprint();

  /**
   * Draws which rendering and which words stand for sample {@code index} at {@code step} of the run
   * with this seed. Cheap: decodes no picture.
   */
  Sample draw(int index, long seed, long step);

  /** The pixels of one rendering, {@link #width} by {@link #height}, opaque. */
  Picture picture(int index, int variant);

  /** The name by which errors and sample grids call sample {@code index}: a file name. */
  String name(int index);
}
