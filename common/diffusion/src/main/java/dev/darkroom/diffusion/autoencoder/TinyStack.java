package dev.darkroom.diffusion.autoencoder;

import ai.djl.ndarray.NDArray;
import dev.darkroom.diffusion.nn.Activation;
import dev.darkroom.diffusion.nn.Flow;
import dev.darkroom.diffusion.nn.TinyLayers;
import dev.darkroom.diffusion.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** One way through AutoencoderTiny: a plain sequence, whose keys are its numbers. */
final class TinyStack {
  private final List<UnaryOperator<NDArray>> steps = new ArrayList<>();
  private final Weights layers;
  private final Activation activation;

  /** Place in diffusers' sequence, which counts activations and upsamplings too. */
  private int next;

  private TinyStack(Weights weights, TinyConfig config) {
    this.layers = weights.at("layers");
    this.activation = config.actFn();
  }

  static TinyStack encoder(Weights weights, TinyConfig config) {
    TinyStack stack = new TinyStack(weights, config);
    int channels = config.encoderBlockOutChannels().getFirst();
    for (int stage = 0; stage < config.numEncoderBlocks().size(); stage++) {
      if (stage == 0) {
        stack.add(TinyLayers.convolution(stack.here(), config.inChannels(), channels));
      } else {
        stack.add(TinyLayers.halve(stack.here(), channels));
      }
      stack.blocks(config.numEncoderBlocks().get(stage), channels);
    }
    stack.add(TinyLayers.convolution(stack.here(), channels, config.latentChannels()));
    return stack;
  }

  static TinyStack decoder(Weights weights, TinyConfig config) {
    TinyStack stack = new TinyStack(weights, config);
    int channels = config.decoderBlockOutChannels().getFirst();
    int last = config.numDecoderBlocks().size() - 1;
    stack.add(
        TinyLayers.convolution(stack.here(), config.latentChannels(), channels, config.actFn()));
    stack.next++;
    for (int stage = 0; stage <= last; stage++) {
      stack.blocks(config.numDecoderBlocks().get(stage), channels);
      if (stage < last) {
        stack.next++;
        stack.add(TinyLayers.grow(stack.here(), channels, config.upsamplingScalingFactor()));
      } else {
        stack.add(TinyLayers.convolution(stack.here(), channels, config.outChannels()));
      }
    }
    return stack;
  }

  private Weights here() {
    return layers.at(String.valueOf(next));
  }

  private void blocks(int count, int channels) {
    for (int i = 0; i < count; i++) {
      add(TinyLayers.block(here().at("conv"), channels, activation));
    }
  }

  private void add(UnaryOperator<NDArray> step) {
    steps.add(step);
    next++;
  }

  NDArray forward(NDArray x) {
    Flow flow = Flow.from(x);
    steps.forEach(flow::then);
    return flow.result();
  }
}
