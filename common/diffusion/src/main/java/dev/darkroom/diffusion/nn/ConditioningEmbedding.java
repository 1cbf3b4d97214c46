package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings a picture to the size of a latent: at each level but the last a convolution and one of
 * stride 2, SiLU after each (diffusers' ControlNetConditioningEmbedding, and the hint of its
 * ImageHintTimeEmbedding).
 */
public final class ConditioningEmbedding {
  private final Program program;
  private final List<IValue> layers = new ArrayList<>();
  private final IValue convOut;

  /** Where the convolutions are in the tree of keys, by their number from 0. */
  @FunctionalInterface
  private interface Places {
    Weights of(int number);
  }

  private ConditioningEmbedding(
      Weights weights, Places places, int in, List<Integer> levels, int out) {
    this.program = weights.program();
    int number = 0;
    layers.add(places.of(number++).convolution3(in, levels.getFirst()));
    for (int i = 0; i < levels.size() - 1; i++) {
      int channels = levels.get(i);
      layers.add(places.of(number++).convolution3(channels, channels));
      layers.add(places.of(number++).convolution(channels, levels.get(i + 1), 3, 2, 1));
    }
    convOut = places.of(number).zeroConvolution(levels.getLast(), out, 3);
  }

  /**
   * By diffusers' keys of a ControlNet.
   *
   * @param levels channels from the largest map down
   * @param out channels of the result
   */
  public static ConditioningEmbedding of(Weights weights, int in, List<Integer> levels, int out) {
    int last = 2 * levels.size() - 1;
    return new ConditioningEmbedding(
        weights,
        number ->
            number == 0
                ? weights.at("conv_in")
                : number == last ? weights.at("conv_out") : weights.at("blocks", number - 1),
        in,
        levels,
        out);
  }

  /** By the keys of a sequence in which convolutions and activations take turns. */
  public static ConditioningEmbedding ofSequence(
      Weights weights, int in, List<Integer> levels, int out) {
    return new ConditioningEmbedding(
        weights, number -> weights.at(Integer.toString(2 * number)), in, levels, out);
  }

  /**
   * @param x [N, in, H, W]
   * @return [N, out, H / 2^(levels-1), W / 2^(levels-1)], odd sizes rounded up
   */
  public NDArray forward(NDArray x) {
    Flow flow = Flow.from(x);
    for (IValue layer : layers) {
      flow.then(
          h ->
              program
                  .call("conv_act")
                  .tensor(h)
                  .value(layer)
                  .text(Activation.SILU.configName())
                  .run());
    }
    return flow.then(h -> program.call("conv").tensor(h).value(convOut).run()).result();
  }
}
