package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.MidStage;
import dev.darkroom.diffusion.nn.ResnetBlock;
import dev.darkroom.diffusion.nn.SpatialTransformer;
import dev.darkroom.diffusion.nn.Step;
import dev.darkroom.diffusion.nn.Weights;
import java.util.List;
import java.util.stream.Stream;

/** The middle: a resnet, and for cross-attention a transformer and another resnet. */
final class MidBlock implements MidLevel {
  private final List<SpatialTransformer> transformers;
  private final MidStage stage;

  MidBlock(Weights weights, MidBlockType type, UNetConfig config) {
    int last = config.blockOutChannels().size() - 1;
    int channels = config.blockOutChannels().get(last);
    ResnetBlock.Options options = LayerOptions.resnet(config, config.midBlockScaleFactor());
    ResnetBlock first = new ResnetBlock(weights.at("resnets.0"), channels, channels, options);
    if (type == MidBlockType.UNetMidBlock2DCrossAttn) {
      int depth = config.transformers().downDepth(last, 0);
      transformers =
          List.of(
              new SpatialTransformer(
                  weights.at("attentions.0"),
                  channels,
                  LayerOptions.transformer(config, last, depth, false)));
      ResnetBlock second = new ResnetBlock(weights.at("resnets.1"), channels, channels, options);
      stage = new MidStage(weights, List.of(first, second), transformers);
    } else {
      transformers = List.of();
      stage = new MidStage(weights, List.of(first), transformers);
    }
  }

  @Override
  public NDArray forward(NDArray x, Step step) {
    return stage.forward(x, step);
  }

  @Override
  public Stream<String> selfAttentions() {
    return transformers.stream().flatMap(SpatialTransformer::selfAttentions);
  }
}
