package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.DownStage;
import dev.darkroom.diffusion.nn.Downsample;
import dev.darkroom.diffusion.nn.ResnetBlock;
import dev.darkroom.diffusion.nn.SpatialTransformer;
import dev.darkroom.diffusion.nn.Step;
import dev.darkroom.diffusion.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A level on the way down: DownBlock2D, or CrossAttnDownBlock2D where it attends. */
final class DownBlock implements DownLevel {
  private final List<SpatialTransformer> transformers = new ArrayList<>();
  private final DownStage stage;

  DownBlock(Weights weights, int index, UNetConfig config) {
    List<Integer> channels = config.blockOutChannels();
    int in = channels.get(Math.max(index - 1, 0));
    int out = channels.get(index);
    boolean attends = config.downBlockTypes().get(index).attends();
    ResnetBlock.Options options = LayerOptions.resnet(config, 1);
    List<ResnetBlock> resnets = new ArrayList<>();
    for (int j = 0; j < config.layersPerBlock().get(index); j++) {
      resnets.add(new ResnetBlock(weights.at("resnets", j), j == 0 ? in : out, out, options));
      if (attends) {
        int depth = config.transformers().downDepth(index, j);
        transformers.add(
            new SpatialTransformer(
                weights.at("attentions", j), out, LayerOptions.transformer(config, index, depth)));
      }
    }
    Downsample.Padding padding = Downsample.Padding.of(config.downsamplePadding());
    Downsample down =
        index < channels.size() - 1
            ? new Downsample(weights.at("downsamplers.0"), out, padding)
            : null;
    stage = new DownStage(weights, resnets, transformers, down);
  }

  /** What it returns is the last of the skip connections. */
  @Override
  public NDArray forward(NDArray x, Step step, List<NDArray> skips) {
    skips.addAll(stage.forward(x, step));
    return skips.getLast();
  }

  @Override
  public Stream<String> selfAttentions() {
    return transformers.stream().flatMap(SpatialTransformer::selfAttentions);
  }
}
