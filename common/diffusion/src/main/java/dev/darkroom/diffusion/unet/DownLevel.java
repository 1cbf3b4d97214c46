package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Step;
import dev.darkroom.diffusion.nn.Weights;
import java.util.List;
import java.util.stream.Stream;

/** A level on the way down. */
sealed interface DownLevel permits DownBlock, ResnetDownBlock, KDownBlock {

  /**
   * @param index from the largest map
   */
  static DownLevel of(Weights weights, int index, UNetConfig config) {
    LevelKind kind = config.downBlockTypes().get(index).kind();
    return switch (kind) {
      case PLAIN, TRANSFORMER -> new DownBlock(weights, index, config);
      case SELF_ATTENTION, RESIZING_RESNET, SIMPLE_CROSS_ATTENTION ->
          new ResnetDownBlock(
              weights,
              index,
              config.blockOutChannels(),
              config.layersPerBlock().get(index),
              UNetLevels.of(config, kind, index, config.attentionHeads().get(index)));
      case K, K_CROSS_ATTENTION -> new KDownBlock(weights, index, config);
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
