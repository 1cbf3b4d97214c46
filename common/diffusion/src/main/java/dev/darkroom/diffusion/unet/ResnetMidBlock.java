package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.ResnetBlock;
import dev.darkroom.diffusion.nn.Step;
import dev.darkroom.diffusion.nn.Weights;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A middle of a resnet, any attention or none, and a resnet. */
final class ResnetMidBlock implements MidLevel {
  private final ResnetBlock first;
  private final @Nullable MapAttention attention;
  private final ResnetBlock second;

  ResnetMidBlock(
      Weights weights,
      int channels,
      ResnetBlock.Options resnets,
      MapAttention.@Nullable Maker attention) {
    this.first = new ResnetBlock(weights.at("resnets.0"), channels, channels, resnets);
    this.attention = attention == null ? null : attention.of(weights.at("attentions.0"), channels);
    this.second = new ResnetBlock(weights.at("resnets.1"), channels, channels, resnets);
  }

  @Override
  public NDArray forward(NDArray x, Step step) {
    Flow flow = Flow.from(x).then(h -> first.forward(h, step.time()));
    if (attention != null) {
      flow.then(h -> attention.forward(h, step));
    }
    return flow.then(h -> second.forward(h, step.time())).result();
  }

  @Override
  public Stream<String> selfAttentions() {
    return Stream.of();
  }
}
