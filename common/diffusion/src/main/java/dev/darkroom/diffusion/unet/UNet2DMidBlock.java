package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.ResnetBlock;
import dev.darkroom.diffusion.nn.SpatialAttention;
import dev.darkroom.diffusion.nn.Weights;
import org.jspecify.annotations.Nullable;

/** The middle of a UNet2DModel: a resnet, self-attention where the config has it, a resnet. */
final class UNet2DMidBlock {
  private final ResnetBlock first;
  private final @Nullable SpatialAttention attention;
  private final ResnetBlock second;

  UNet2DMidBlock(Weights weights, UNet2DConfig config) {
    int channels = config.blockOutChannels().getLast();
    ResnetBlock.Options options = UNet2DLevel.options(config, config.midBlockScaleFactor());
    first = new ResnetBlock(weights.at("resnets.0"), channels, channels, options);
    Integer headDim = config.attentionHeadDim();
    Integer groups = config.attnNormNumGroups();
    if (groups == null && !config.timeScaleShift()) {
      groups = config.normNumGroups();
    }
    attention =
        config.addAttention()
            ? new SpatialAttention(
                weights.at("attentions.0"),
                channels,
                new SpatialAttention.Options(
                    headDim == null ? channels : headDim,
                    groups,
                    config.normEps(),
                    config.midBlockScaleFactor()))
            : null;
    second = new ResnetBlock(weights.at("resnets.1"), channels, channels, options);
  }

  /**
   * @param x [N, C, H, W]
   * @return the same shape
   */
  NDArray forward(NDArray x, NDArray time) {
    Flow flow = Flow.from(x).then(h -> first.forward(h, time));
    if (attention != null) {
      flow.then(attention::forward);
    }
    return flow.then(h -> second.forward(h, time)).result();
  }
}
