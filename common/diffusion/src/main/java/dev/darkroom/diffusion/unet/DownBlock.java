package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Downsample;
import dev.darkroom.diffusion.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A level on the way down: DownBlock2D, or CrossAttnDownBlock2D where it attends. */
final class DownBlock implements DownLevel {
  private final List<Layer> layers = new ArrayList<>();
  private final @Nullable Downsample down;

  DownBlock(Weights weights, int index, UNetConfig config) {
    List<Integer> channels = config.blockOutChannels();
    int in = channels.get(Math.max(index - 1, 0));
    int out = channels.get(index);
    boolean attends = config.downBlockTypes().get(index).attends();
    int depth = config.transformerLayersPerBlock().get(index);
    for (int j = 0; j < config.layersPerBlock().get(index); j++) {
      layers.add(new Layer(weights, j, j == 0 ? in : out, out, attends, depth, index, config));
    }
    Downsample.Padding padding =
        config.downsamplePadding() == 0 ? Downsample.Padding.END : Downsample.Padding.EVEN;
    down =
        index < channels.size() - 1
            ? new Downsample(weights.at("downsamplers.0"), out, padding)
            : null;
  }

  /** What it returns is the last of the skip connections. */
  @Override
  public NDArray forward(NDArray x, Step step, List<NDArray> skips) {
    for (Layer layer : layers) {
      x = layer.forward(x, null, step);
      skips.add(x);
    }
    if (down != null) {
      x = down.forward(x);
      skips.add(x);
    }
    return x;
  }

  @Override
  public Stream<String> selfAttentions() {
    return layers.stream().flatMap(Layer::selfAttentions);
  }
}
