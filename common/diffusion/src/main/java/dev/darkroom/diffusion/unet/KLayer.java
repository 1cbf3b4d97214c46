package dev.darkroom.diffusion.unet;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.KAttentionBlock;
import dev.darkroom.diffusion.nn.ResnetBlockCondNorm;
import dev.darkroom.diffusion.nn.Step;
import org.jspecify.annotations.Nullable;

/** One resnet of a K level and, where the level attends, the attention after it. */
record KLayer(ResnetBlockCondNorm resnet, @Nullable KAttentionBlock attention) {

  NDArray forward(NDArray x, @Nullable NDArray skip, Step step) {
    Flow flow = Flow.from(x).then(h -> resnet.forward(h, skip, step.time()));
    if (attention != null) {
      flow.then(h -> attention.forward(h, step.time(), step.context(), step.contextBias()));
    }
    return flow.result();
  }

  static ResnetBlockCondNorm.Options resnetOptions(UNetConfig config) {
    return new ResnetBlockCondNorm.Options(
        TimeConditioning.channels(config), config.normEps(), config.actFn());
  }

  /**
   * @param headChannels of one head
   * @param index of the level, from the largest map
   * @param selfAttention whether positions look at each other, too
   */
  static KAttentionBlock.Options attentionOptions(
      UNetConfig config, int headChannels, int index, boolean selfAttention) {
    return new KAttentionBlock.Options(
        TimeConditioning.channels(config),
        headChannels,
        config.crossAttentionDim().get(index),
        selfAttention);
  }
}
