package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.ResnetBlock;
import dev.darkroom.diffusion.nn.SpatialAttention;
import dev.darkroom.diffusion.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The resnets of a level, and the attention after each where the level attends. */
final class UNet2DLevel {
  private record Layer(ResnetBlock resnet, @Nullable SpatialAttention attention) {}

  private final List<Layer> layers = new ArrayList<>();

  /** Adds a resnet with {@code in} channels, the skip connection's among them. */
  void add(Weights weights, int in, int out, boolean attends, UNet2DConfig config) {
    int index = layers.size();
    Integer headDim = config.attentionHeadDim();
    layers.add(
        new Layer(
            new ResnetBlock(weights.at("resnets", index), in, out, options(config, 1)),
            attends
                ? new SpatialAttention(
                    weights.at("attentions", index),
                    out,
                    new SpatialAttention.Options(
                        headDim == null ? out : headDim,
                        config.normNumGroups(),
                        config.normEps(),
                        1))
                : null));
  }

  int size() {
    return layers.size();
  }

  NDArray forward(int index, NDArray x, @Nullable NDArray skip, NDArray time) {
    Layer layer = layers.get(index);
    SpatialAttention attention = layer.attention();
    Flow flow = Flow.from(x).then(h -> layer.resnet().forward(h, skip, time));
    return attention == null ? flow.result() : flow.then(attention::forward).result();
  }

  static ResnetBlock.Options options(UNet2DConfig config, double outputScale) {
    return new ResnetBlock.Options(
        config.timeChannels(),
        config.normNumGroups(),
        config.normEps(),
        config.timeScaleShift(),
        outputScale,
        config.actFn());
  }
}
