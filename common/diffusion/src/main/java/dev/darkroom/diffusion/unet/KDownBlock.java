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
 * A level on the way down as k-diffusion builds it: diffusers' KDownBlock2D, or
 * KCrossAttnDownBlock2D where it attends. The way up meets one map of it, that before it is halved.
 */
final class KDownBlock implements DownLevel {
  private final List<KLayer> layers = new ArrayList<>();
  private final KResize resize;
  private final boolean halves;
  private final boolean leavesSkip;

  KDownBlock(Weights weights, int index, UNetConfig config) {
    List<Integer> channels = config.blockOutChannels();
    int in = channels.get(Math.max(index - 1, 0));
    int out = channels.get(index);
    boolean attends = config.downBlockTypes().get(index).attends();
    halves = index < channels.size() - 1;
    leavesSkip = halves || !attends;
    resize = new KResize(weights);
    // The smallest map alone is seen by itself, too.
    KAttentionBlock.Options attention =
        KLayer.attentionOptions(config, config.attentionHeads().get(index), index, !halves);
    for (int j = 0; j < config.layersPerBlock().get(index); j++) {
      layers.add(
          new KLayer(
              new ResnetBlockCondNorm(
                  weights.at("resnets", j),
                  new ResnetBlockCondNorm.Channels(j == 0 ? in : out, out),
                  KLayer.resnetOptions(config)),
              attends ? new KAttentionBlock(weights.at("attentions", j), out, attention) : null));
    }
  }

  @Override
  public NDArray forward(NDArray x, Step step, List<NDArray> skips) {
    Flow flow = Flow.from(x);
    for (KLayer layer : layers) {
      flow.then(h -> layer.forward(h, null, step));
    }
    if (leavesSkip) {
      skips.add(flow.share());
    }
    return halves ? flow.then(resize::halve).result() : flow.result();
  }

  @Override
  public Stream<String> selfAttentions() {
    return Stream.of();
  }
}
