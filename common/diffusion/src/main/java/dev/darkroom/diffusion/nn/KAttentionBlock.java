package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.Program;
import org.jspecify.annotations.Nullable;

/**
 * Attention over the positions of a map, to each other in some blocks and to a context in all, each
 * after a norm that time modulates, and no feed-forward layer (diffusers' KAttentionBlock).
 */
public final class KAttentionBlock {
  private static final int GROUP = 32;
  private static final double LAYER_NORM_EPS = 1e-5;

  /**
   * @param timeChannels of the time embedding
   * @param headChannels of one head; there are as many as fit into the map's
   * @param contextChannels D of the context
   * @param selfAttention whether positions look at each other first
   */
  public record Options(
      int timeChannels, int headChannels, int contextChannels, boolean selfAttention) {}

  private final Program program;
  private final int groups;
  private final int heads;
  private final @Nullable IValue selfAttention;
  private final IValue contextNorm;
  private final IValue crossAttention;

  public KAttentionBlock(Weights weights, int channels, Options options) {
    this.program = weights.program();
    this.groups = Math.max(1, channels / GROUP);
    this.heads = channels / options.headChannels();
    if (heads == 0) {
      throw DiffusionException.badCheckpoint(
          "attention: expected heads of at most %d channels, got %d"
              .formatted(channels, options.headChannels()));
    }
    this.selfAttention =
        options.selfAttention() ? attention(weights, 1, channels, channels, options) : null;
    int contextChannels = options.contextChannels();
    this.contextNorm = weights.at("attn2.norm_cross").layerNorm(contextChannels, LAYER_NORM_EPS);
    this.crossAttention = attention(weights, 2, channels, contextChannels, options);
  }

  private IValue attention(
      Weights weights, int number, int channels, int keyChannels, Options options) {
    int inner = heads * options.headChannels();
    Weights place = weights.at("attn" + number);
    // Text encoders end in a few channels and tokens that are far greater than the rest.
    Weights ofKeys = number == 2 ? place.exact() : place;
    return weights.list(
        ResnetBlockCondNorm.modulation(
            weights.at("norm" + number), options.timeChannels(), channels),
        place.at("to_q").linear(channels, inner),
        ofKeys.at("to_k").linear(keyChannels, inner),
        ofKeys.at("to_v").linear(keyChannels, inner),
        place.at("to_out.0").linear(inner, channels));
  }

  /**
   * @param x [N, C, H, W]
   * @param time [N, timeChannels]
   * @param context [N, T, D]
   * @param contextBias [N, 1, 1, T], added to the scores of cross-attention, or null
   * @return [N, C, H, W]
   */
  public NDArray forward(NDArray x, NDArray time, NDArray context, @Nullable NDArray contextBias) {
    NDArray normed = program.call("layer_norm").tensor(context).value(contextNorm).run();
    Flow flow = Flow.from(x);
    if (selfAttention != null) {
      flow.then(h -> attend(h, time, null, null, selfAttention));
    }
    return flow.then(h -> attend(h, time, normed, contextBias, crossAttention)).result();
  }

  private NDArray attend(
      NDArray x,
      NDArray time,
      @Nullable NDArray context,
      @Nullable NDArray contextBias,
      IValue layers) {
    return program
        .call("k_attention")
        .tensor(x)
        .tensor(time)
        .optional(context)
        .optional(contextBias)
        .value(layers)
        .integer(groups)
        .integer(heads)
        .run();
  }
}
