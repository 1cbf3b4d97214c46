package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.Program;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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
   * @param gated whether a block has layers between its attentions that look at objects, where a
   *     forward has them
   */
  public record Options(
      int heads,
      int depth,
      int contextChannels,
      int groups,
      boolean linearProjection,
      boolean onlyCrossAttention,
      boolean gated) {}

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
    List<IValue> norms = new ArrayList<>();
    List<IValue> layers = new ArrayList<>();
    norms.add(weights.at("norm1").layerNorm(channels, LAYER_NORM_EPS));
    addAttention(layers, weights.at("attn1"), channels, options.onlyCrossAttention());
    norms.add(weights.at("norm2").layerNorm(channels, LAYER_NORM_EPS));
    addAttention(layers, weights.at("attn2"), channels, true);
    norms.add(weights.at("norm3").layerNorm(channels, LAYER_NORM_EPS));
    addFeedForward(layers, weights.at("ff"), channels);
    if (options.gated()) {
      addFuser(norms, layers, weights.at("fuser"), channels);
    }
    String selfAttention = weights.at("attn1").name();
    selfAttentions.add(selfAttention);
    return weights.held(
        program
            .call("block")
            .text(selfAttention)
            .value(weights.list(norms.stream()))
            .value(weights.list(layers.stream()))
            .optional(gate(weights, "fuser.alpha_attn"))
            .optional(gate(weights, "fuser.alpha_dense"))
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

  private static void addFeedForward(List<IValue> layers, Weights weights, int channels) {
    layers.add(weights.at("net.0.proj").linear(channels, 8L * channels));
    layers.add(weights.at("net.2").linear(4L * channels, channels));
  }

  /** GLIGEN's. */
  private void addFuser(List<IValue> norms, List<IValue> layers, Weights weights, int channels) {
    layers.add(weights.exact().at("linear").linear(options.contextChannels(), channels));
    addAttention(layers, weights.at("attn"), channels, false);
    addFeedForward(layers, weights.at("ff"), channels);
    norms.add(weights.at("norm1").layerNorm(channels, LAYER_NORM_EPS));
    norms.add(weights.at("norm2").layerNorm(channels, LAYER_NORM_EPS));
  }

  /** One number, which starts shut. */
  private @Nullable NDArray gate(Weights weights, String name) {
    return options.gated()
        ? weights.parameter(name, new Shape(), new Initialisation.Constant(0))
        : null;
  }
}
