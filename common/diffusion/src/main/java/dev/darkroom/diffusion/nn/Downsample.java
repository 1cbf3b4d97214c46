package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;

/** Halves height and width by a strided 3x3 convolution (diffusers' Downsample2D). */
public final class Downsample {

  /** Where the zeros go. */
  public enum Padding {
    /** One on every side: the U-Net's. */
    EVEN,
    /** One right and one below only: the autoencoder's. */
    END;

    /** As diffusers counts {@code downsample_padding}: 1 is even, 0 is at the end. */
    public static Padding of(int downsamplePadding) {
      return downsamplePadding == 0 ? END : EVEN;
    }
  }

  private final Program program;
  private final IValue layer;
  private final Padding padding;

  public Downsample(Weights weights, long channels, Padding padding) {
    this.program = weights.program();
    this.padding = padding;
    int sides =
        switch (padding) {
          case EVEN -> 1;
          case END -> 0;
        };
    this.layer = weights.at("conv").convolution(channels, channels, 3, 2, sides);
  }

  /** Its convolution, as the kernels take it. */
  IValue value() {
    return layer;
  }

  boolean padsEnd() {
    return padding == Padding.END;
  }

  /**
   * @param x [N, C, H, W]
   * @return [N, C, ceil(H/2), ceil(W/2)] for {@code EVEN}, [N, C, floor(H/2), floor(W/2)] for
   *     {@code END}
   */
  public NDArray forward(NDArray x) {
    return program.call("downsample").tensor(x).value(layer).flag(padsEnd()).run();
  }
}
