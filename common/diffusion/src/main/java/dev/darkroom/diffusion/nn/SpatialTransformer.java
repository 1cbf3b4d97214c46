package dev.darkroom.diffusion.nn;

import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.Program;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Transformer blocks over the positions of a map, with cross-attention to a context (diffusers'
 * Transformer2DModel).
 */
public final class SpatialTransformer {
  private static final double GROUP_NORM_EPS = 1e-6;
  private static final double LAYER_NORM_EPS = 1e-5;

  /**
   * @param heads of attention; channels that they leave over are not theirs
   * @param depth transformer blocks
   * @param contextChannels D of the context
   * @param linearProjection whether the projections in and out are linear layers; else 1x1
   *     convolutions
   * @param onlyCrossAttention whether the first attention of a block, too, looks at the context
   */
  public record Options(
      int heads,
      int depth,
      int contextChannels,
      int groups,
      boolean linearProjection,
      boolean onlyCrossAttention) {}

  private final Program program;
  private final Options options;
  private final IValue transformer;
  private final List<String> selfAttentions = new ArrayList<>();

  public SpatialTransformer(Weights weights, int channels, Options options) {
    int inner = channels / options.heads() * options.heads();
    if (inner == 0) {
      throw DiffusionException.badCheckpoint(
          "attention: expected at most as many heads as %d channels, got %d"
              .formatted(channels, options.heads()));
    }
    this.program = weights.program();
    this.options = options;
    IValue norm = weights.at("norm").groupNorm(options.groups(), channels, GROUP_NORM_EPS);
    IValue projIn = projection(weights.at("proj_in"), channels, inner);
    List<IValue> blocks = new ArrayList<>();
    for (int i = 0; i < options.depth(); i++) {
      blocks.add(block(weights.at("transformer_blocks", i), inner));
    }
    IValue projOut = projection(weights.at("proj_out"), inner, channels);
    this.transformer =
        weights.held(
            program
                .call("transformer")
                .value(norm)
                .value(projIn)
                .value(weights.list(blocks.toArray(IValue[]::new)))
                .value(projOut)
                .integer(options.heads())
                .flag(options.linearProjection())
                .flag(options.onlyCrossAttention())
                .runForValue());
  }

  /** As the kernels take it. */
  IValue value() {
    return transformer;
  }

  /** The names of the layers in which positions look at each other: what can be perturbed. */
  public Stream<String> selfAttentions() {
    return options.onlyCrossAttention() ? Stream.of() : selfAttentions.stream();
  }

  private IValue projection(Weights weights, int in, int out) {
    return options.linearProjection() ? weights.linear(in, out) : weights.convolution1(in, out);
  }

  private IValue block(Weights weights, int channels) {
    List<IValue> layers = new ArrayList<>();
    IValue norm1 = weights.at("norm1").layerNorm(channels, LAYER_NORM_EPS);
    addAttention(layers, weights.at("attn1"), channels, options.onlyCrossAttention());
    IValue norm2 = weights.at("norm2").layerNorm(channels, LAYER_NORM_EPS);
    addAttention(layers, weights.at("attn2"), channels, true);
    IValue norm3 = weights.at("norm3").layerNorm(channels, LAYER_NORM_EPS);
    layers.add(weights.at("ff.net.0.proj").linear(channels, 8L * channels));
    layers.add(weights.at("ff.net.2").linear(4L * channels, channels));
    String selfAttention = weights.at("attn1").name();
    selfAttentions.add(selfAttention);
    return weights.held(
        program
            .call("block")
            .text(selfAttention)
            .value(weights.list(norm1, norm2, norm3))
            .value(weights.list(layers.toArray(IValue[]::new)))
            .runForValue());
  }

  private void addAttention(List<IValue> layers, Weights weights, int channels, boolean toContext) {
    // Text encoders end in a few channels and tokens that are far greater than the rest.
    Weights ofKeys = toContext ? weights.exact() : weights;
    int keyChannels = toContext ? options.contextChannels() : channels;
    layers.add(weights.at("to_q").linearWithoutBias(channels, channels));
    layers.add(ofKeys.at("to_k").linearWithoutBias(keyChannels, channels));
    layers.add(ofKeys.at("to_v").linearWithoutBias(keyChannels, channels));
    layers.add(weights.at("to_out.0").linear(channels, channels));
  }
}
