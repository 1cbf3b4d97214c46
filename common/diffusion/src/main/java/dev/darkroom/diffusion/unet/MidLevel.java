package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Step;
import dev.darkroom.diffusion.nn.Weights;
import java.util.stream.Stream;

/** The middle. */
sealed interface MidLevel permits MidBlock, ResnetMidBlock {

  static MidLevel of(Weights weights, MidBlockType type, UNetConfig config) {
    return switch (type) {
      case UNetMidBlock2DCrossAttn, UNetMidBlock2D -> new MidBlock(weights, type, config);
      case UNetMidBlock2DSimpleCrossAttn ->
          new ResnetMidBlock(
              weights,
              config.blockOutChannels().getLast(),
              UNetLevels.midResnets(config),
              UNetLevels.midAttention(config));
    };
  }

  /**
   * @param x [N, C, H, W]
   * @return the same shape
   */
  NDArray forward(NDArray x, Step step);

  /** The names of its layers of self-attention that can be perturbed. */
  Stream<String> selfAttentions();
}
