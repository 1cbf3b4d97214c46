package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Step;
import dev.darkroom.diffusion.nn.Weights;
import java.util.List;
import java.util.stream.Stream;

/** A level on the way up. */
sealed interface UpLevel permits UpBlock, ResnetUpBlock, KUpBlock {

  /**
   * @param position from the smallest map
   */
  static UpLevel of(Weights weights, int position, UNetConfig config) {
    LevelKind kind = config.upBlockTypes().get(position).kind();
    int index = config.blockOutChannels().size() - 1 - position;
    return switch (kind) {
      case PLAIN, TRANSFORMER -> new UpBlock(weights, position, config);
      case SELF_ATTENTION, RESIZING_RESNET, SIMPLE_CROSS_ATTENTION ->
          new ResnetUpBlock(
              weights,
              index,
              config.blockOutChannels(),
              config.layersPerBlock().get(index) + 1,
              // diffusers counts the heads' channels from the smallest map here.
              UNetLevels.of(config, kind, index, config.attentionHeads().get(position)));
      case K, K_CROSS_ATTENTION -> new KUpBlock(weights, position, config);
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
