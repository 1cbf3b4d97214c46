package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Program;

/** The norm behind a text encoder's last layer, and the state that it picks for the whole text. */
public final class FinalNorm {
  /** For {@link #pooled}: the token with the highest id. */
  public static final int HIGHEST = -1;

  private final Program program;
  private final IValue norm;

  public FinalNorm(Weights weights, int channels, double eps) {
    this.program = weights.program();
    this.norm = weights.layerNorm(channels, eps);
  }

  /**
   * @param x [N, T, C]
   * @return [N, T, C]
   */
  public NDArray forward(NDArray x) {
    return program.call("layer_norm").tensor(x).value(norm).run();
  }

  /**
   * @param normed [N, T, C]
   * @param ids [N, T]
   * @param kind the id whose first place counts, or {@link #HIGHEST}; the first token where there
   *     is none of it
   * @return [N, C]
   */
  public NDArray pooled(NDArray normed, NDArray ids, int kind) {
    return program.call("state_at").tensor(normed).tensor(ids).integer(kind).run();
  }
}
