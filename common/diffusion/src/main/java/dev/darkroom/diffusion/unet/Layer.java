package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.ResnetBlock;
import dev.darkroom.diffusion.nn.SpatialTransformer;
import dev.darkroom.diffusion.nn.Weights;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One resnet and, where its level attends, the transformer after it: the unit that makes and takes
 * one skip connection.
 */
final class Layer {
  private final ResnetBlock resnet;
  private final @Nullable SpatialTransformer transformer;

  /**
   * @param attends whether a transformer follows
   * @param depth its blocks
   * @param index of the level, from the largest map
   */
  Layer(
      Weights weights,
      int position,
      int in,
      int out,
      boolean attends,
      int depth,
      int index,
      UNetConfig config) {
    resnet = new ResnetBlock(weights.at("resnets", position), in, out, resnetOptions(config, 1));
    transformer =
        attends
            ? new SpatialTransformer(
                weights.at("attentions", position),
                out,
                transformerOptions(config, index, depth, config.onlyCrossAttention().get(index)))
            : null;
  }

  NDArray forward(NDArray x, @Nullable NDArray skip, Step step) {
    Flow flow = Flow.from(x).then(h -> resnet.forward(h, skip, step.time()));
    if (transformer != null) {
      flow.then(
          h -> transformer.forward(h, step.context(), step.contextBias(), step.perturbation()));
    }
    return flow.result();
  }

  /** The names of its self-attention layers. */
  Stream<String> selfAttentions() {
    return transformer == null ? Stream.of() : transformer.selfAttentions();
  }

  static ResnetBlock.Options resnetOptions(UNetConfig config, double outputScale) {
    return new ResnetBlock.Options(
        TimeConditioning.channels(config),
        config.groups(),
        config.normEps(),
        config.timeScaleShift(),
        outputScale,
        config.actFn());
  }

  static SpatialTransformer.Options transformerOptions(
      UNetConfig config, int index, int depth, boolean onlyCross) {
    return new SpatialTransformer.Options(
        config.attentionHeads().get(index),
        depth,
        config.crossAttentionDim().get(index),
        config.groups(),
        config.useLinearProjection(),
        onlyCross);
  }
}
