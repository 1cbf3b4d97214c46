package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings a picture to the size of a latent: at each level but the last a convolution and one of
 * stride 2, SiLU after each (diffusers' ControlNetConditioningEmbedding).
 */
public final class ConditioningEmbedding {
  private final Program program;
  private final List<IValue> layers = new ArrayList<>();
  private final IValue convOut;

  /**
   * @param levels channels from the largest map down
   * @param out channels of the result
   */
  public ConditioningEmbedding(Weights weights, int in, List<Integer> levels, int out) {
    this.program = weights.program();
    layers.add(weights.at("conv_in").convolution3(in, levels.getFirst()));
    for (int i = 0; i < levels.size() - 1; i++) {
      int channels = levels.get(i);
      layers.add(weights.at("blocks", 2 * i).convolution3(channels, channels));
      layers.add(weights.at("blocks", 2 * i + 1).convolution(channels, levels.get(i + 1), 3, 2, 1));
    }
    convOut = weights.at("conv_out").zeroConvolution(levels.getLast(), out, 3);
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
