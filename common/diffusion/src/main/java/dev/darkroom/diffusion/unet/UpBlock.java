package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.Upsample;
import dev.darkroom.diffusion.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A level on the way up: UpBlock2D, or CrossAttnUpBlock2D where it attends. */
final class UpBlock implements UpLevel {
  private final List<Layer> layers = new ArrayList<>();
  private final @Nullable Upsample up;

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
    List<Integer> reversed = config.reverseTransformerLayersPerBlock();
    int depth =
        reversed == null ? config.transformerLayersPerBlock().get(index) : reversed.get(position);
    int count = config.layersPerBlock().get(index) + 1;
    for (int j = 0; j < count; j++) {
      int in = (j == 0 ? before : out) + (j == count - 1 ? skipOfLast : out);
      layers.add(new Layer(weights, j, in, out, attends, depth, index, config));
    }
    up = index > 0 ? new Upsample(weights.at("upsamplers.0"), out) : null;
  }

  /** What it returns has the size of the next skip connection. */
  @Override
  public NDArray forward(NDArray x, Step step, List<NDArray> skips) {
    Flow flow = Flow.from(x);
    for (Layer layer : layers) {
      NDArray skip = skips.removeLast();
      flow.then(h -> layer.forward(h, skip, step));
      skip.close();
    }
    if (up != null) {
      Shape next = skips.getLast().getShape();
      flow.then(h -> up.forward(h, next.get(2), next.get(3)));
    }
    return flow.result();
  }

  @Override
  public Stream<String> selfAttentions() {
    return layers.stream().flatMap(Layer::selfAttentions);
  }
}
