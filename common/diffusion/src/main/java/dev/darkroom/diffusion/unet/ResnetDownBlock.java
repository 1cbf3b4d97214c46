package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Downsample;
import dev.darkroom.diffusion.nn.ResnetBlock;
import dev.darkroom.diffusion.nn.Step;
import dev.darkroom.diffusion.nn.Weights;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A level on the way down of resnets with any attention, or none, that halves its map by a resnet
 * or by a convolution.
 */
final class ResnetDownBlock implements DownLevel {
  private final ResnetLevel level = new ResnetLevel();
  private final @Nullable Downsample down;
  private final @Nullable ResnetBlock resnetDown;

  /**
   * @param index from the largest map
   * @param channels of all levels
   * @param count of resnets
   */
  ResnetDownBlock(
      Weights weights, int index, List<Integer> channels, int count, ResnetLevel.Options options) {
    int in = channels.get(Math.max(index - 1, 0));
    int out = channels.get(index);
    for (int j = 0; j < count; j++) {
      level.add(weights, j == 0 ? in : out, out, options);
    }
    boolean last = index == channels.size() - 1;
    boolean byResnet = options.resizesByResnet();
    Weights place = weights.at("downsamplers.0");
    resnetDown = last || !byResnet ? null : new ResnetBlock(place, out, out, options.resnets());
    down = last || byResnet ? null : new Downsample(place, out, options.padding());
  }

  /** What it returns is the last of the skip connections. */
  @Override
  public NDArray forward(NDArray x, Step step, List<NDArray> skips) {
    for (int j = 0; j < level.size(); j++) {
      x = level.forward(j, x, null, step);
      skips.add(x);
    }
    if (down != null) {
      x = down.forward(x);
      skips.add(x);
    }
    if (resnetDown != null) {
      x = resnetDown.halve(x, step.time());
      skips.add(x);
    }
    return x;
  }

  @Override
  public Stream<String> selfAttentions() {
    return Stream.of();
  }
}
