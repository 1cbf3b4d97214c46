package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.ResnetBlock;
import dev.darkroom.diffusion.nn.SpatialTransformer;
import dev.darkroom.diffusion.nn.Weights;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The middle: a resnet, and for cross-attention a transformer and another resnet. */
final class MidBlock {
  private final ResnetBlock first;
  private final @Nullable SpatialTransformer transformer;
  private final @Nullable ResnetBlock second;

  MidBlock(Weights weights, MidBlockType type, UNetConfig config) {
    int last = config.blockOutChannels().size() - 1;
    int channels = config.blockOutChannels().get(last);
    ResnetBlock.Options options = Layer.resnetOptions(config, config.midBlockScaleFactor());
    first = new ResnetBlock(weights.at("resnets.0"), channels, channels, options);
    boolean attends = type == MidBlockType.UNetMidBlock2DCrossAttn;
    int depth = config.transformerLayersPerBlock().get(last);
    transformer =
        attends
            ? new SpatialTransformer(
                weights.at("attentions.0"),
                channels,
                Layer.transformerOptions(config, last, depth, false))
            : null;
    second = attends ? new ResnetBlock(weights.at("resnets.1"), channels, channels, options) : null;
  }

  /**
   * @param x [N, C, H, W]
   * @return the same shape
   */
  NDArray forward(NDArray x, Step step) {
    Flow flow = Flow.from(x).then(h -> first.forward(h, step.time()));
    if (transformer != null && second != null) {
      flow.then(
              h -> transformer.forward(h, step.context(), step.contextBias(), step.perturbation()))
          .then(h -> second.forward(h, step.time()));
    }
    return flow.result();
  }

  /** The names of its self-attention layers. */
  Stream<String> selfAttentions() {
    return transformer == null ? Stream.of() : transformer.selfAttentions();
  }
}
