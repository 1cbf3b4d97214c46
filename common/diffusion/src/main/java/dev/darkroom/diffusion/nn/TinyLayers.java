package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;
import java.util.function.UnaryOperator;

/** The layers of AutoencoderTiny: convolutions and activations, no norms. Maps are [N, C, H, W]. */
public final class TinyLayers {
  private TinyLayers() {}

  /** 3x3, the size stays. */
  public static UnaryOperator<NDArray> convolution(Weights weights, int in, int out) {
    return layer(weights.program(), "conv", weights.convolution3(in, out));
  }

  public static UnaryOperator<NDArray> convolution(
      Weights weights, int in, int out, Activation activation) {
    return layer(weights.program(), "conv_act", weights.convolution3(in, out), activation);
  }

  /** 3x3 of stride 2, without a bias. */
  public static UnaryOperator<NDArray> halve(Weights weights, int channels) {
    IValue convolution = weights.convolutionWithoutBias(channels, channels, 3, 2, 1);
    return layer(weights.program(), "conv", convolution);
  }

  /** Nearest neighbours, then 3x3 without a bias. */
  public static UnaryOperator<NDArray> grow(Weights weights, int channels, int factor) {
    Program program = weights.program();
    IValue convolution = weights.convolutionWithoutBias(channels, channels, 3, 1, 1);
    return x ->
        program
            .call("upsample")
            .tensor(x)
            .value(convolution)
            .integer(factor * x.getShape().get(2))
            .integer(factor * x.getShape().get(3))
            .run();
  }

  /** Three convolutions with activations between, a residual, and a ReLU. */
  public static UnaryOperator<NDArray> block(Weights weights, int channels, Activation activation) {
    return layer(
        weights.program(),
        "tiny_block",
        weights.list(
            weights.at("0").convolution3(channels, channels),
            weights.at("2").convolution3(channels, channels),
            weights.at("4").convolution3(channels, channels)),
        activation);
  }

  private static UnaryOperator<NDArray> layer(
      Program program, String kernel, IValue layers, Activation activation) {
    String name = activation.configName();
    return x -> program.call(kernel).tensor(x).value(layers).text(name).run();
  }

  private static UnaryOperator<NDArray> layer(Program program, String kernel, IValue layers) {
    return x -> program.call(kernel).tensor(x).value(layers).run();
  }
}
