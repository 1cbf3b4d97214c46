package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.kernels.Program;

/** Turns masks of tokens into what attention adds to its scores. */
public final class AttentionMask {
  private final Program program;

  public AttentionMask(Weights weights) {
    this.program = weights.program();
  }

  /**
   * @param mask [N, T], 1 where a token counts and 0 where not, of any number type
   * @return [N, 1, 1, T] float32: 0 and -10000, diffusers' constant
   */
  public NDArray toBias(NDArray mask) {
    return program.call("mask_to_bias").tensor(mask).run();
  }

  /**
   * The same with transformers' constant, the lowest float32: padding then gets no weight at all.
   */
  public NDArray toLowest(NDArray mask) {
    return program.call("mask_to_lowest").tensor(mask).run();
  }
}
