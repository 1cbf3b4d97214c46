package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.ResnetBlock;
import dev.darkroom.diffusion.nn.Upsample;
import dev.darkroom.diffusion.nn.Weights;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A level of a UNet2DModel on the way up. */
final class UNet2DUpBlock {
  private final UNet2DLevel level = new UNet2DLevel();
  private final @Nullable Upsample up;
  private final @Nullable ResnetBlock resnetUp;

  /**
   * @param position from the smallest map
   */
  UNet2DUpBlock(Weights weights, int position, UNet2DConfig config) {
    List<Integer> channels = config.blockOutChannels();
    UNet2DConfig.UpType type = config.upBlockTypes().get(position);
    int last = channels.size() - 1;
    int index = last - position;
    int out = channels.get(index);
    int before = channels.get(Math.min(index + 1, last));
    int skipOfLast = channels.get(Math.max(index - 1, 0));
    boolean attends = type == UNet2DConfig.UpType.AttnUpBlock2D;
    int count = config.layersPerBlock() + 1;
    for (int j = 0; j < count; j++) {
      int in = (j == 0 ? before : out) + (j == count - 1 ? skipOfLast : out);
      level.add(weights, in, out, attends, config);
    }
    boolean byResnet =
        switch (type) {
          case UpBlock2D -> false;
          case AttnUpBlock2D -> config.resnetUpsample();
          case ResnetUpsampleBlock2D -> true;
        };
    Weights place = weights.at("upsamplers.0");
    resnetUp =
        index == 0 || !byResnet
            ? null
            : new ResnetBlock(place, out, out, UNet2DLevel.options(config, 1));
    up = index == 0 || byResnet ? null : new Upsample(place, out);
  }

  /**
   * @param x [N, before, H, W]
   * @param skips what the way down left; this level takes its own from the end, and frees them
   * @return [N, out, H', W'], the size of the next skip connection
   */
  NDArray forward(NDArray x, NDArray time, List<NDArray> skips) {
    Flow flow = Flow.from(x);
    for (int j = 0; j < level.size(); j++) {
      int layer = j;
      NDArray skip = skips.removeLast();
      flow.then(h -> level.forward(layer, h, skip, time));
      skip.close();
    }
    if (up != null || resnetUp != null) {
      Shape next = skips.getLast().getShape();
      flow.then(
          h ->
              resnetUp != null ? resnetUp.grow(h, time, next.get(2), next.get(3)) : grown(h, next));
    }
    return flow.result();
  }

  private NDArray grown(NDArray x, Shape next) {
    return up == null ? x : up.forward(x, next.get(2), next.get(3));
  }
}
