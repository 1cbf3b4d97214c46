package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.KAttentionBlock;
import dev.darkroom.diffusion.nn.KResize;
import dev.darkroom.diffusion.nn.ResnetBlockCondNorm;
import dev.darkroom.diffusion.nn.Step;
import dev.darkroom.diffusion.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A level on the way up as k-diffusion builds it: diffusers' KUpBlock2D, or KCrossAttnUpBlock2D
 * where it attends. It meets one map of the way down, and ends in the channels of the next level.
 */
final class KUpBlock implements UpLevel {
  private final List<KLayer> layers = new ArrayList<>();
  private final KResize resize;
  private final boolean grows;
  private final boolean meetsSkip;

  /**
   * @param position from the smallest map
   */
  KUpBlock(Weights weights, int position, UNetConfig config) {
    List<Integer> channels = config.blockOutChannels();
    int index = channels.size() - 1 - position;
    int own = channels.get(index);
    int next = channels.get(Math.max(index - 1, 0));
    boolean attends = config.upBlockTypes().get(position).attends();
    grows = index > 0;
    meetsSkip = !KLevels.continuesTheLowest(config, position);
    resize = new KResize(weights);
    // diffusers counts the heads' channels from the smallest map here.
    int headChannels = config.attentionHeads().get(position);
    KAttentionBlock.Options attention =
        KLayer.attentionOptions(config, headChannels, index, !meetsSkip);
    int count = config.layersPerBlock().get(index);
    for (int j = 0; j < count; j++) {
      int in = j == 0 && meetsSkip ? 2 * own : own;
      int out = j == count - 1 ? next : own;
      layers.add(
          new KLayer(
              new ResnetBlockCondNorm(
                  weights.at("resnets", j),
                  new ResnetBlockCondNorm.Channels(in, attends ? own : out, out, own),
                  KLayer.resnetOptions(config)),
              attends ? new KAttentionBlock(weights.at("attentions", j), out, attention) : null));
    }
  }

  @Override
  public NDArray forward(NDArray x, Step step, List<NDArray> skips) {
    Flow flow = Flow.from(x);
    if (meetsSkip) {
      NDArray skip = skips.removeLast();
      flow.then(h -> layers.getFirst().forward(h, skip, step));
      skip.close();
    } else {
      flow.then(h -> layers.getFirst().forward(h, null, step));
    }
    for (KLayer layer : layers.subList(1, layers.size())) {
      flow.then(h -> layer.forward(h, null, step));
    }
    return grows ? flow.then(resize::grow).result() : flow.result();
  }

  @Override
  public Stream<String> selfAttentions() {
    return Stream.of();
  }
}
