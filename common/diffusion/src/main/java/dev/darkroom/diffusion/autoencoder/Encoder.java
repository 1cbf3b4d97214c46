package dev.darkroom.diffusion.autoencoder;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Convolution;
import dev.darkroom.diffusion.nn.Downsample;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.OutputHead;
import dev.darkroom.diffusion.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Image to latent, or to its moments: levels that shrink, a middle, a head. */
final class Encoder {
  private record Level(ResnetStack resnets, @Nullable Downsample down) {}

  private final Convolution convIn;
  private final List<Level> levels = new ArrayList<>();
  private final MidBlock mid;
  private final OutputHead head;

  /**
   * @param out channels of what it makes
   */
  Encoder(Weights weights, int in, int out, Levels shape) {
    List<Integer> channels = shape.channels();
    int last = channels.size() - 1;
    convIn = new Convolution(weights.at("conv_in"), in, channels.getFirst(), 3);
    for (int i = 0; i <= last; i++) {
      Weights level = weights.at("down_blocks", i);
      int above = channels.get(Math.max(i - 1, 0));
      int here = channels.get(i);
      boolean attends = shape.down().get(i) == DownBlock.AttnDownEncoderBlock2D;
      ResnetStack resnets =
          new ResnetStack(level, above, here, shape.layersPerBlock(), attends, shape);
      levels.add(
          new Level(
              resnets,
              i < last
                  ? new Downsample(level.at("downsamplers.0"), here, Downsample.Padding.END)
                  : null));
    }
    mid = new MidBlock(weights.at("mid_block"), channels.getLast(), shape);
    head = new OutputHead(weights, channels.getLast(), out, shape.normGroups(), ResnetStack.EPS);
  }

  /**
   * @param image [N, in, H, W]
   * @return [N, out, H/f, W/f]
   */
  NDArray forward(NDArray image) {
    Flow flow = Flow.from(image).then(convIn::forward);
    for (Level level : levels) {
      flow.then(level.resnets::forward);
      if (level.down != null) {
        flow.then(level.down::forward);
      }
    }
    return flow.then(mid::forward).then(head::forward).result();
  }
}
