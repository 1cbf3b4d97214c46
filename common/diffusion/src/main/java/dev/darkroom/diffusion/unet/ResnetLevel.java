package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Downsample;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.ResnetBlock;
import dev.darkroom.diffusion.nn.Step;
import dev.darkroom.diffusion.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The resnets of a level, and the attention after each where the level has it. */
final class ResnetLevel {

  /**
   * What such a level is made of.
   *
   * @param resnets all of them
   * @param attention after each resnet, or null
   * @param resizesByResnet whether a resnet halves or grows the map; else a convolution does
   * @param padding of the convolution that halves
   */
  record Options(
      ResnetBlock.Options resnets,
      MapAttention.@Nullable Maker attention,
      boolean resizesByResnet,
      Downsample.Padding padding) {}

  private record Layer(ResnetBlock resnet, @Nullable MapAttention attention) {}

  private final List<Layer> layers = new ArrayList<>();

  /** Adds a resnet with {@code in} channels, the skip connection's among them. */
  void add(Weights weights, int in, int out, Options options) {
    int index = layers.size();
    MapAttention.Maker attention = options.attention();
    layers.add(
        new Layer(
            new ResnetBlock(weights.at("resnets", index), in, out, options.resnets()),
            attention == null ? null : attention.of(weights.at("attentions", index), out)));
  }

  int size() {
    return layers.size();
  }

  NDArray forward(int index, NDArray x, @Nullable NDArray skip, Step step) {
    Layer layer = layers.get(index);
    MapAttention attention = layer.attention();
    Flow flow = Flow.from(x).then(h -> layer.resnet().forward(h, skip, step.time()));
    return attention == null ? flow.result() : flow.then(h -> attention.forward(h, step)).result();
  }
}
