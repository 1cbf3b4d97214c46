package dev.darkroom.diffusion.adapter;

import ai.djl.ndarray.types.Shape;

/**
 * The shapes of a change's factors. Writers differ in whether a linear layer is a convolution of
 * one pixel: the layer decides.
 *
 * @param mid where there is a middle
 */
record LoraShapes(Shape down, Shape mid, Shape up) {

  /**
   * @param weight of the layer, [out, in] or [out, in, k, k]
   * @param down as the file has it: its first number is the rank
   */
  static LoraShapes of(Shape weight, Shape down, boolean hasMid) {
    // No file can have a rank of 0: what it has then differs from what is expected.
    long rank = down.dimension() == 0 ? 1 : Math.max(1, down.get(0));
    long out = weight.get(0);
    long in = weight.get(1);
    if (weight.dimension() == 2) {
      return new LoraShapes(new Shape(rank, in), new Shape(rank, rank), new Shape(out, rank));
    }
    long k = weight.get(2);
    long taps = hasMid ? 1 : k;
    return new LoraShapes(
        new Shape(rank, in, taps, taps), new Shape(rank, rank, k, k), new Shape(out, rank, 1, 1));
  }

  /** Whether two shapes differ in nothing but ones at their end. */
  static boolean same(Shape a, Shape b) {
    int longest = Math.max(a.dimension(), b.dimension());
    for (int i = 0; i < longest; i++) {
      long left = i < a.dimension() ? a.get(i) : 1;
      long right = i < b.dimension() ? b.get(i) : 1;
      if (left != right) {
        return false;
      }
    }
    return true;
  }
}
