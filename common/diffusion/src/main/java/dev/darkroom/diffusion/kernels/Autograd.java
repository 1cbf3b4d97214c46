package dev.darkroom.diffusion.kernels;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.Collection;

/**
 * The backward pass. Unlike DJL's collector of gradients, of which a process has one, these work in
 * several threads at once; what is recorded is what ran under {@link GradMode#on()} from arrays
 * with {@code setRequiresGradient(true)}.
 */
public final class Autograd {
  private static final Program SCALES =
      Program.shared(
          """
      def like(self, x: Tensor, value: float) -> Tensor:
        return torch.full_like(x, value)
          """);

  private Autograd() {}

  /**
   * Adds the gradients of {@code loss}, one element, to every leaf it came from, and frees the
   * graph.
   */
  public static void backward(NDArray loss) {
    try (NDArray one = loss.onesLike()) {
      backward(loss, one, false);
    }
  }

  /**
   * The same for a loss that is a part of the whole, such as one of several batches of a step.
   *
   * <p>{@code backward(loss.mul(share))} would not do: DJL keeps a number in memory that it gives
   * up once {@code mul} returns, and the graph would read it after the garbage collector did.
   */
  public static void backward(NDArray loss, double share) {
    try (NDArray gradient = SCALES.call("like").tensor(loss).real(share).run()) {
      backward(loss, gradient, false);
    }
  }

  /**
   * @param gradient of the final loss by {@code output}, of its shape
   * @param keepGraph whether another backward pass through the same graph follows
   */
  public static void backward(NDArray output, NDArray gradient, boolean keepGraph) {
    JniUtils.backward((PtNDArray) output, (PtNDArray) gradient, keepGraph, false);
  }

  /** Sets gradients to zero; those that no backward pass has made yet stay absent. */
  public static void zeroGradients(Collection<NDArray> parameters) {
    for (NDArray parameter : parameters) {
      JniUtils.zeroGrad((PtNDArray) parameter);
    }
  }
}
