package dev.darkroom.diffusion.unet;

import dev.darkroom.diffusion.nn.ResnetBlock;
import dev.darkroom.diffusion.nn.SpatialTransformer;

/** What a U-Net's config says of its resnets and transformers. */
final class LayerOptions {
  private LayerOptions() {}

  static ResnetBlock.Options resnet(UNetConfig config, double outputScale) {
    return new ResnetBlock.Options(
        TimeConditioning.channels(config),
        config.groups(),
        config.normEps(),
        config.timeScaleShift(),
        outputScale,
        config.actFn());
  }

  /**
   * @param index of the level, from the largest map
   * @param depth transformer blocks
   */
  static SpatialTransformer.Options transformer(UNetConfig config, int index, int depth) {
    return transformer(config, index, depth, config.onlyCrossAttention().get(index));
  }

  static SpatialTransformer.Options transformer(
      UNetConfig config, int index, int depth, boolean onlyCross) {
    return new SpatialTransformer.Options(
        config.attentionHeads().get(index),
        depth,
        config.crossAttentionDim().get(index),
        config.groups(),
        config.transformers().useLinearProjection(),
        onlyCross,
        config.isGrounded());
  }
}
