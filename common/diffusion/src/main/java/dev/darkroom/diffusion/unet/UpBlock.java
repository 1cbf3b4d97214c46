package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.ResnetBlock;
import dev.darkroom.diffusion.nn.SpatialTransformer;
import dev.darkroom.diffusion.nn.Step;
import dev.darkroom.diffusion.nn.UpStage;
import dev.darkroom.diffusion.nn.Upsample;
import dev.darkroom.diffusion.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A level on the way up: UpBlock2D, or CrossAttnUpBlock2D where it attends. */
final class UpBlock implements UpLevel {
  private final int count;
  private final List<SpatialTransformer> transformers = new ArrayList<>();
  private final UpStage stage;

  /**
   * @param position from the smallest map
   */
  UpBlock(Weights weights, int position, UNetConfig config) {
    List<Integer> channels = config.blockOutChannels();
    int last = channels.size() - 1;
    int index = last - position;
    int out = channels.get(index);
    int before = channels.get(Math.min(index + 1, last));
    int skipOfLast = channels.get(Math.max(index - 1, 0));
    boolean attends = config.upBlockTypes().get(position).attends();
    ResnetBlock.Options options = LayerOptions.resnet(config, 1);
    List<ResnetBlock> resnets = new ArrayList<>();
    count = config.layersPerBlock().get(index) + 1;
    for (int j = 0; j < count; j++) {
      int in = (j == 0 ? before : out) + (j == count - 1 ? skipOfLast : out);
      resnets.add(new ResnetBlock(weights.at("resnets", j), in, out, options));
      if (attends) {
        int depth = config.transformers().upDepth(position, j);
        transformers.add(
            new SpatialTransformer(
                weights.at("attentions", j), out, LayerOptions.transformer(config, index, depth)));
      }
    }
    Upsample up = index > 0 ? new Upsample(weights.at("upsamplers.0"), out) : null;
    stage = new UpStage(weights, resnets, transformers, up);
  }

  /** What it returns has the size of the next skip connection. */
  @Override
  public NDArray forward(NDArray x, Step step, List<NDArray> skips) {
    List<NDArray> own = skips.subList(skips.size() - count, skips.size());
    List<NDArray> taken = List.copyOf(own);
    own.clear();
    NDArray next = skips.isEmpty() ? x : skips.getLast();
    return stage.forward(x, step, taken, next.getShape());
  }

  @Override
  public Stream<String> selfAttentions() {
    return transformers.stream().flatMap(SpatialTransformer::selfAttentions);
  }
}
