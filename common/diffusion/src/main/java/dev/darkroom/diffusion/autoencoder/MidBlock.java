package dev.darkroom.diffusion.autoencoder;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.ResnetBlock;
import dev.darkroom.diffusion.nn.SpatialAttention;
import dev.darkroom.diffusion.nn.Weights;
import org.jspecify.annotations.Nullable;

/** The middle: resnet, single-head attention where the config has it, resnet. */
final class MidBlock {
  private final ResnetBlock first;
  private final @Nullable SpatialAttention attention;
  private final ResnetBlock second;

  MidBlock(Weights weights, int channels, Levels shape) {
    int groups = shape.normGroups();
    ResnetBlock.Options options =
        ResnetBlock.Options.timeless(groups, ResnetStack.EPS, shape.activation());
    first = new ResnetBlock(weights.at("resnets.0"), channels, channels, options);
    attention =
        shape.midAttends()
            ? SpatialAttention.single(weights.at("attentions.0"), channels, groups, ResnetStack.EPS)
            : null;
    second = new ResnetBlock(weights.at("resnets.1"), channels, channels, options);
  }

  NDArray forward(NDArray x) {
    Flow flow = Flow.from(x).then(h -> first.forward(h, null));
    if (attention != null) {
      flow.then(attention::forward);
    }
    return flow.then(h -> second.forward(h, null)).result();
  }
}
