package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;

/** Grows a map by its nearest neighbours, then a 3x3 convolution (diffusers' Upsample2D). */
public final class Upsample {
  private final Program program;
  private final IValue layer;

  public Upsample(Weights weights, long channels) {
    this.program = weights.program();
    this.layer = weights.at("conv").convolution3(channels, channels);
  }

  /** Its convolution, as the kernels take it. */
  IValue value() {
    return layer;
  }

  /**
   * @param x [N, C, H, W]
   * @return [N, C, 2H, 2W]
   */
  public NDArray forward(NDArray x) {
    Shape shape = x.getShape();
    return forward(x, 2 * shape.get(2), 2 * shape.get(3));
  }

  /**
   * To a given size: that of the skip connection it meets, where an odd size was halved on the way
   * down.
   */
  public NDArray forward(NDArray x, long height, long width) {
    return program.call("upsample").tensor(x).value(layer).integer(height).integer(width).run();
  }
}
