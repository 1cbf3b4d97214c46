package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;

/** BERT's summary of a sentence: a dense layer and tanh over the first token. */
public final class Pooler {
  private final Program program;
  private final IValue layer;

  public Pooler(Weights weights, int channels) {
    this.program = weights.program();
    this.layer = weights.at("dense").linear(channels, channels);
  }

  /**
   * @param x [N, T, C]
   * @return [N, C]
   */
  public NDArray forward(NDArray x) {
    return program.call("pooler").tensor(x).value(layer).run();
  }
}
