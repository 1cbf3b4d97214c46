package dev.darkroom.diffusion.autoencoder;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Convolution;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.OutputHead;
import dev.darkroom.diffusion.nn.Upsample;
import dev.darkroom.diffusion.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Latent to image: a middle, levels that grow, a head. */
final class Decoder {
  private record Level(ResnetStack resnets, @Nullable Upsample up) {}

  private final Convolution convIn;
  private final MidBlock mid;
  private final List<Level> levels = new ArrayList<>();
  private final OutputHead head;

  /**
   * @param in channels of the latent
   */
  Decoder(Weights weights, int in, int out, Levels shape) {
    List<Integer> channels = shape.channels().reversed();
    int last = channels.size() - 1;
    convIn = new Convolution(weights.at("conv_in"), in, channels.getFirst(), 3);
    mid = new MidBlock(weights.at("mid_block"), channels.getFirst(), shape);
    for (int i = 0; i <= last; i++) {
      Weights level = weights.at("up_blocks", i);
      int below = channels.get(Math.max(i - 1, 0));
      int here = channels.get(i);
      boolean attends = shape.up().get(i) == UpBlock.AttnUpDecoderBlock2D;
      ResnetStack resnets =
          new ResnetStack(level, below, here, shape.layersPerBlock() + 1, attends, shape);
      levels.add(
          new Level(resnets, i < last ? new Upsample(level.at("upsamplers.0"), here) : null));
    }
    head = new OutputHead(weights, channels.getLast(), out, shape.normGroups(), ResnetStack.EPS);
  }

  /**
   * @param latent [N, in, h, w]
   * @return [N, out, h*f, w*f]
   */
  NDArray forward(NDArray latent) {
    Flow flow = Flow.from(latent).then(convIn::forward).then(mid::forward);
    for (Level level : levels) {
      flow.then(level.resnets::forward);
      if (level.up != null) {
        flow.then(level.up::forward);
      }
    }
    return flow.then(head::forward).result();
  }
}
