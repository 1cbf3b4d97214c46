package dev.darkroom.diffusion.unet;

import dev.darkroom.diffusion.nn.Downsample;
import dev.darkroom.diffusion.nn.ResnetBlock;
import dev.darkroom.diffusion.nn.SpatialAttention;
import dev.darkroom.diffusion.nn.Weights;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a {@link UNet2DConfig} makes its levels and its middle of. */
final class UNet2DLevels {
  private UNet2DLevels() {}

  static DownLevel down(Weights weights, int index, UNet2DConfig config) {
    ResnetLevel.Options options =
        switch (config.downBlockTypes().get(index)) {
          case DownBlock2D -> options(config, false, false);
          case AttnDownBlock2D -> options(config, true, config.resnetDownsample());
          case ResnetDownsampleBlock2D -> options(config, false, true);
        };
    return new ResnetDownBlock(
        weights, index, config.blockOutChannels(), config.layersPerBlock(), options);
  }

  /**
   * @param position from the smallest map
   */
  static UpLevel up(Weights weights, int position, UNet2DConfig config) {
    ResnetLevel.Options options =
        switch (config.upBlockTypes().get(position)) {
          case UpBlock2D -> options(config, false, false);
          case AttnUpBlock2D -> options(config, true, config.resnetUpsample());
          case ResnetUpsampleBlock2D -> options(config, false, true);
        };
    List<Integer> channels = config.blockOutChannels();
    int index = channels.size() - 1 - position;
    return new ResnetUpBlock(weights, index, channels, config.layersPerBlock() + 1, options);
  }

  static MidLevel mid(Weights weights, UNet2DConfig config) {
    Integer groups = config.attnNormNumGroups();
    if (groups == null && !config.timeScaleShift()) {
      groups = config.normNumGroups();
    }
    double scale = config.midBlockScaleFactor();
    return new ResnetMidBlock(
        weights,
        config.blockOutChannels().getLast(),
        resnets(config, scale),
        config.addAttention() ? attention(config, groups, scale) : null);
  }

  private static ResnetLevel.Options options(
      UNet2DConfig config, boolean attends, boolean byResnet) {
    return new ResnetLevel.Options(
        resnets(config, 1),
        attends ? attention(config, config.normNumGroups(), 1) : null,
        byResnet,
        Downsample.Padding.of(config.downsamplePadding()));
  }

  private static ResnetBlock.Options resnets(UNet2DConfig config, double outputScale) {
    return new ResnetBlock.Options(
        config.timeChannels(),
        config.normNumGroups(),
        config.normEps(),
        config.timeScaleShift(),
        outputScale,
        config.actFn());
  }

  private static MapAttention.Maker attention(
      UNet2DConfig config, @Nullable Integer groups, double outputScale) {
    Integer headDim = config.attentionHeadDim();
    return (weights, channels) ->
        MapAttention.ofPositions(
            weights,
            channels,
            new SpatialAttention.Options(
                headDim == null ? channels : headDim, groups, config.normEps(), outputScale));
  }
}
