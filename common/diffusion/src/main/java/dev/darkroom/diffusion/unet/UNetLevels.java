package dev.darkroom.diffusion.unet;

import dev.darkroom.diffusion.nn.AddedKVAttention;
import dev.darkroom.diffusion.nn.Downsample;
import dev.darkroom.diffusion.nn.ResnetBlock;
import dev.darkroom.diffusion.nn.SpatialAttention;

/** What a {@link UNetConfig} makes the levels of that have no transformers and are no K levels. */
final class UNetLevels {
  private UNetLevels() {}

  /**
   * @param index of the level, from the largest map
   * @param headChannels of one head
   */
  static ResnetLevel.Options of(UNetConfig config, LevelKind kind, int index, int headChannels) {
    boolean onlyCross = config.onlyCrossAttention().get(index);
    MapAttention.Maker attention =
        switch (kind) {
          case SELF_ATTENTION -> selfAttention(config, headChannels);
          case SIMPLE_CROSS_ATTENTION -> simpleCross(config, index, headChannels, onlyCross);
          case PLAIN, TRANSFORMER, RESIZING_RESNET, K, K_CROSS_ATTENTION -> null;
        };
    boolean byResnet = kind != LevelKind.SELF_ATTENTION;
    return new ResnetLevel.Options(
        byResnet ? resnets(config, config.resnetOutScaleFactor()) : LayerOptions.resnet(config, 1),
        attention,
        byResnet,
        Downsample.Padding.of(config.downsamplePadding()));
  }

  static ResnetBlock.Options midResnets(UNetConfig config) {
    return resnets(config, config.midBlockScaleFactor());
  }

  static MapAttention.Maker midAttention(UNetConfig config) {
    int last = config.blockOutChannels().size() - 1;
    return simpleCross(
        config, last, config.attentionHeads().get(last), config.midBlockOnlyCrossAttention());
  }

  private static ResnetBlock.Options resnets(UNetConfig config, double outputScale) {
    ResnetBlock.Options options = LayerOptions.resnet(config, outputScale);
    return config.resnetSkipTimeAct() ? options.ofTimeAsItIs() : options;
  }

  private static MapAttention.Maker selfAttention(UNetConfig config, int headChannels) {
    SpatialAttention.Options options =
        new SpatialAttention.Options(headChannels, config.groups(), config.normEps(), 1);
    return (weights, channels) -> MapAttention.ofPositions(weights, channels, options);
  }

  private static MapAttention.Maker simpleCross(
      UNetConfig config, int index, int headChannels, boolean onlyCross) {
    AddedKVAttention.Options options =
        new AddedKVAttention.Options(
            headChannels,
            config.crossAttentionDim().get(index),
            config.groups(),
            config.crossAttentionNorm(),
            onlyCross);
    return (weights, channels) -> {
      AddedKVAttention attention = new AddedKVAttention(weights, channels, options);
      return (x, step) -> attention.forward(x, step.context(), step.contextBias());
    };
  }
}
