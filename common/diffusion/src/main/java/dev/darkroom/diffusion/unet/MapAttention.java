package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.SpatialAttention;
import dev.darkroom.diffusion.nn.Step;
import dev.darkroom.diffusion.nn.Weights;

/** Attention over the positions of a map, with its residual, as it follows a resnet. */
@FunctionalInterface
interface MapAttention {

  /**
   * @param x [N, C, H, W]
   * @return the same shape
   */
  NDArray forward(NDArray x, Step step);

  /** Of the positions to each other. */
  static MapAttention ofPositions(Weights weights, int channels, SpatialAttention.Options options) {
    SpatialAttention attention = new SpatialAttention(weights, channels, options);
    return (x, step) -> attention.forward(x);
  }

  /** Builds the one after each resnet of a level. */
  @FunctionalInterface
  interface Maker {
    MapAttention of(Weights weights, int channels);
  }
}
