package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Step;
import dev.darkroom.diffusion.nn.Weights;
import java.util.List;
import java.util.stream.Stream;

/** A level on the way down. */
sealed interface DownLevel permits DownBlock, KDownBlock {

  /**
   * @param index from the largest map
   */
  static DownLevel of(Weights weights, int index, UNetConfig config) {
    return switch (config.downBlockTypes().get(index)) {
      case DownBlock2D, CrossAttnDownBlock2D -> new DownBlock(weights, index, config);
      case KDownBlock2D, KCrossAttnDownBlock2D -> new KDownBlock(weights, index, config);
    };
  }

  /**
   * @param x [N, in, H, W]
   * @param skips receives every map that the way up will meet again
   * @return what the next level takes
   */
  NDArray forward(NDArray x, Step step, List<NDArray> skips);

  /** The names of its layers of self-attention that can be perturbed. */
  Stream<String> selfAttentions();
}
