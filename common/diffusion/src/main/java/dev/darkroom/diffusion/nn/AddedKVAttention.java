package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.Program;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Attention of the positions of a map to a context and to each other at once, with a residual
 * (diffusers' AttnAddedKVProcessor). Ramesh et al. 2022, and DeepFloyd IF.
 */
public final class AddedKVAttention {
  private static final double EPS = 1e-5;
  private static final int CONTEXT_GROUPS = 32;

  /**
   * @param headChannels of one head; a divisor of the map's
   * @param contextChannels D of the context
   * @param groups of the map's norm
   * @param contextNorm or null for none
   * @param onlyCrossAttention whether positions do not look at each other after all
   */
  public record Options(
      int headChannels,
      int contextChannels,
      int groups,
      @Nullable ContextNorm contextNorm,
      boolean onlyCrossAttention) {}

  private final Program program;
  private final int heads;
  private final IValue norms;
  private final IValue layers;

  public AddedKVAttention(Weights weights, int channels, Options options) {
    if (channels % options.headChannels() != 0) {
      throw DiffusionException.badCheckpoint(
          "attention: expected heads whose channels divide %d, got %d"
              .formatted(channels, options.headChannels()));
    }
    this.program = weights.program();
    this.heads = channels / options.headChannels();
    IValue norm = weights.at("group_norm").groupNorm(options.groups(), channels, EPS);
    this.norms =
        options.contextNorm() == null
            ? weights.list(norm)
            : weights.list(norm, contextNorm(weights.at("norm_cross"), channels, options));
    // Text encoders end in a few channels and tokens that are far greater than the rest.
    Weights ofContext = weights.exact();
    List<IValue> parts = new ArrayList<>();
    parts.add(weights.at("to_q").linear(channels, channels));
    parts.add(ofContext.at("add_k_proj").linear(options.contextChannels(), channels));
    parts.add(ofContext.at("add_v_proj").linear(options.contextChannels(), channels));
    parts.add(weights.at("to_out.0").linear(channels, channels));
    if (!options.onlyCrossAttention()) {
      parts.add(weights.at("to_k").linear(channels, channels));
      parts.add(weights.at("to_v").linear(channels, channels));
    }
    this.layers = weights.list(parts.toArray(IValue[]::new));
  }

  private static IValue contextNorm(Weights weights, int channels, Options options) {
    int contextChannels = options.contextChannels();
    if (options.contextNorm() == ContextNorm.group_norm) {
      if (contextChannels % CONTEXT_GROUPS != 0) {
        throw DiffusionException.badCheckpoint(
            "cross_attention_norm group_norm: expected a context of a multiple of %d channels, got %d"
                .formatted(CONTEXT_GROUPS, contextChannels));
      }
      return weights.groupNorm(CONTEXT_GROUPS, contextChannels, EPS);
    }
    if (contextChannels != channels) {
      throw DiffusionException.badCheckpoint(
          "cross_attention_norm layer_norm: expected a context of as many channels as the map, %d, got %d"
              .formatted(channels, contextChannels));
    }
    return weights.layerNorm(contextChannels, EPS);
  }

  /**
   * @param x [N, C, H, W]
   * @param context [N, T, D]
   * @param contextBias [N, 1, 1, T], added to the scores of the context's tokens, or null
   * @return [N, C, H, W]
   */
  public NDArray forward(NDArray x, NDArray context, @Nullable NDArray contextBias) {
    return program
        .call("added_kv_attention")
        .tensor(x)
        .tensor(context)
        .optional(contextBias)
        .value(norms)
        .value(layers)
        .integer(heads)
        .run();
  }
}
