package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Step;
import dev.darkroom.diffusion.nn.Weights;
import java.util.List;
import java.util.stream.Stream;

/** A level on the way up. */
sealed interface UpLevel permits UpBlock, KUpBlock {

  /**
   * @param position from the smallest map
   */
  static UpLevel of(Weights weights, int position, UNetConfig config) {
    return switch (config.upBlockTypes().get(position)) {
      case UpBlock2D, CrossAttnUpBlock2D -> new UpBlock(weights, position, config);
      case KUpBlock2D, KCrossAttnUpBlock2D -> new KUpBlock(weights, position, config);
    };
  }

  /**
   * @param x [N, before, H, W]
   * @param skips what the way down left; this level takes its own from the end, and frees them
   * @return what the next level takes
   */
  NDArray forward(NDArray x, Step step, List<NDArray> skips);

  /** The names of its layers of self-attention that can be perturbed. */
  Stream<String> selfAttentions();
}
