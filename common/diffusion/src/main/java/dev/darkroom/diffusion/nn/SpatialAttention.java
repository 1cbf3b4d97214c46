package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.Program;
import org.jspecify.annotations.Nullable;

/**
 * Self-attention over the positions of a map, with a residual (diffusers' Attention where it took
 * the place of its AttentionBlock).
 */
public final class SpatialAttention {

  /**
   * What differs between models.
   *
   * @param headChannels of one head; there are as many as fit into the map's
   * @param groups of the norm before it, or null for none
   * @param outputScale what the sum of attention and input is divided by
   */
  public record Options(
      long headChannels, @Nullable Integer groups, double eps, double outputScale) {}

  private final Program program;
  private final @Nullable IValue norm;
  private final IValue layers;
  private final long heads;
  private final double outputScale;

  public SpatialAttention(Weights weights, long channels, Options options) {
    this.program = weights.program();
    this.heads = channels / options.headChannels();
    this.outputScale = options.outputScale();
    if (heads < 1) {
      throw DiffusionException.badCheckpoint(
          "attention: expected heads of at most %d channels, got %d"
              .formatted(channels, options.headChannels()));
    }
    Integer groups = options.groups();
    this.norm =
        groups == null ? null : weights.at("group_norm").groupNorm(groups, channels, options.eps());
    long inner = heads * options.headChannels();
    this.layers =
        weights.list(
            weights.at("to_q").linear(channels, inner),
            weights.at("to_k").linear(channels, inner),
            weights.at("to_v").linear(channels, inner),
            weights.at("to_out.0").linear(inner, channels));
  }

  /** One head over all channels, as the autoencoders have it. */
  public static SpatialAttention single(Weights weights, long channels, int groups, double eps) {
    return new SpatialAttention(weights, channels, new Options(channels, groups, eps, 1));
  }

  /** What diffusers called its layers before version 0.15, and published folders still do. */
  public static String olderName(String key) {
    return key.replace(".to_q.", ".query.")
        .replace(".to_k.", ".key.")
        .replace(".to_v.", ".value.")
        .replace(".to_out.0.", ".proj_attn.");
  }

  /**
   * @param x [N, C, H, W]
   * @return the same shape
   */
  public NDArray forward(NDArray x) {
    NDArray normed = norm == null ? x : program.call("normed").tensor(x).value(norm).run();
    return program
        .call("spatial_attention")
        .tensor(x)
        .tensor(normed)
        .value(layers)
        .integer(heads)
        .real(outputScale)
        .run();
  }
}
