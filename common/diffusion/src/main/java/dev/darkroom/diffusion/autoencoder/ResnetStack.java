package dev.darkroom.diffusion.autoencoder;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.ResnetBlock;
import dev.darkroom.diffusion.nn.SpatialAttention;
import dev.darkroom.diffusion.nn.Weights;
import java.util.ArrayList;
import java.util.List;

/** The resnets of one level, each followed by attention where the level attends. */
final class ResnetStack {
  /** Of every norm in the autoencoder. */
  static final double EPS = 1e-6;

  private final List<ResnetBlock> resnets = new ArrayList<>();
  private final List<SpatialAttention> attentions = new ArrayList<>();

  ResnetStack(Weights weights, int in, int out, int count, boolean attends, Levels shape) {
    int groups = shape.normGroups();
    for (int j = 0; j < count; j++) {
      resnets.add(
          new ResnetBlock(
              weights.at("resnets", j),
              j == 0 ? in : out,
              out,
              ResnetBlock.Options.timeless(groups, EPS, shape.activation())));
      if (attends) {
        attentions.add(SpatialAttention.single(weights.at("attentions", j), out, groups, EPS));
      }
    }
  }

  NDArray forward(NDArray x) {
    Flow flow = Flow.from(x);
    for (int j = 0; j < resnets.size(); j++) {
      ResnetBlock resnet = resnets.get(j);
      flow.then(h -> resnet.forward(h, null));
      if (!attentions.isEmpty()) {
        flow.then(attentions.get(j)::forward);
      }
    }
    return flow.result();
  }
}
