package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Downsample;
import dev.darkroom.diffusion.nn.ResnetBlock;
import dev.darkroom.diffusion.nn.Weights;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A level of a UNet2DModel on the way down. */
final class UNet2DDownBlock {
  private final UNet2DLevel level = new UNet2DLevel();
  private final @Nullable Downsample down;
  private final @Nullable ResnetBlock resnetDown;

  UNet2DDownBlock(Weights weights, int index, UNet2DConfig config) {
    List<Integer> channels = config.blockOutChannels();
    UNet2DConfig.DownType type = config.downBlockTypes().get(index);
    int in = channels.get(Math.max(index - 1, 0));
    int out = channels.get(index);
    boolean attends = type == UNet2DConfig.DownType.AttnDownBlock2D;
    for (int j = 0; j < config.layersPerBlock(); j++) {
      level.add(weights, j == 0 ? in : out, out, attends, config);
    }
    boolean last = index == channels.size() - 1;
    boolean byResnet =
        switch (type) {
          case DownBlock2D -> false;
          case AttnDownBlock2D -> config.resnetDownsample();
          case ResnetDownsampleBlock2D -> true;
        };
    Weights place = weights.at("downsamplers.0");
    resnetDown =
        last || !byResnet ? null : new ResnetBlock(place, out, out, UNet2DLevel.options(config, 1));
    Downsample.Padding padding =
        config.downsamplePadding() == 0 ? Downsample.Padding.END : Downsample.Padding.EVEN;
    down = last || byResnet ? null : new Downsample(place, out, padding);
  }

  /**
   * @param x [N, in, H, W]
   * @param skips receives every map that the way up will meet again
   * @return the last of them
   */
  NDArray forward(NDArray x, NDArray time, List<NDArray> skips) {
    for (int j = 0; j < level.size(); j++) {
      x = level.forward(j, x, null, time);
      skips.add(x);
    }
    if (down != null) {
      x = down.forward(x);
      skips.add(x);
    }
    if (resnetDown != null) {
      x = resnetDown.halve(x, time);
      skips.add(x);
    }
    return x;
  }
}
