package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;

/** A linear layer that makes tokens of a vector, each normed. */
public final class NormedLinear {
  private final Program program;
  private final IValue layer;
  private final IValue norm;
  private final int tokens;
  private final int channels;

  /**
   * @param linear place of the layer below {@code weights}
   * @param norm place of the norm
   * @param tokens that come of one vector
   * @param out channels of each
   */
  public NormedLinear(Weights weights, String linear, String norm, int in, int tokens, int out) {
    this.program = weights.program();
    this.layer = weights.exact().at(linear).linear(in, (long) tokens * out);
    this.norm = weights.at(norm).layerNorm(out, 1e-5);
    this.tokens = tokens;
    this.channels = out;
  }

  /**
   * @param x [N, in]
   * @return [N, tokens, out]
   */
  public NDArray forward(NDArray x) {
    NDArray made = program.call("linear").tensor(x).value(layer).run();
    NDArray split = made.reshape(x.getShape().get(0), tokens, channels);
    return program.call("layer_norm").tensor(split).value(norm).run();
  }
}
