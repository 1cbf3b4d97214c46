package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.ResnetBlock;
import dev.darkroom.diffusion.nn.Step;
import dev.darkroom.diffusion.nn.Upsample;
import dev.darkroom.diffusion.nn.Weights;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The same as {@link ResnetDownBlock} on the way up. */
final class ResnetUpBlock implements UpLevel {
  private final ResnetLevel level = new ResnetLevel();
  private final @Nullable Upsample up;
  private final @Nullable ResnetBlock resnetUp;

  /**
   * @param index from the largest map
   * @param channels of all levels
   * @param count of resnets
   */
  ResnetUpBlock(
      Weights weights, int index, List<Integer> channels, int count, ResnetLevel.Options options) {
    int out = channels.get(index);
    int before = channels.get(Math.min(index + 1, channels.size() - 1));
    int skipOfLast = channels.get(Math.max(index - 1, 0));
    for (int j = 0; j < count; j++) {
      int in = (j == 0 ? before : out) + (j == count - 1 ? skipOfLast : out);
      level.add(weights, in, out, options);
    }
    boolean byResnet = options.resizesByResnet();
    Weights place = weights.at("upsamplers.0");
    resnetUp = index == 0 || !byResnet ? null : new ResnetBlock(place, out, out, options.resnets());
    up = index == 0 || byResnet ? null : new Upsample(place, out);
  }

  /** What it returns has the size of the next skip connection. */
  @Override
  public NDArray forward(NDArray x, Step step, List<NDArray> skips) {
    Flow flow = Flow.from(x);
    for (int j = 0; j < level.size(); j++) {
      int layer = j;
      NDArray skip = skips.removeLast();
      flow.then(h -> level.forward(layer, h, skip, step));
      skip.close();
    }
    if (up != null) {
      Shape next = skips.getLast().getShape();
      flow.then(h -> up.forward(h, next.get(2), next.get(3)));
    }
    if (resnetUp != null) {
      Shape next = skips.getLast().getShape();
      flow.then(h -> resnetUp.grow(h, step.time(), next.get(2), next.get(3)));
    }
    return flow.result();
  }

  @Override
  public Stream<String> selfAttentions() {
    return Stream.of();
  }
}
