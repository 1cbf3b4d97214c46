package dev.darkroom.diffusion.kernels;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.ArrayList;
import java.util.List;

/**
 * Frees every tensor that this thread makes while it is open, but those kept. The garbage collector
 * never frees native memory, and a result attaches to the manager of its left operand, which may be
 * that of the weights; so each forward and each step runs in a scope.
 *
 * <pre>{@code
 * try (Scope scope = Scope.open()) {
 *   return scope.keep(f(x));
 * }
 * }</pre>
 *
 * Closing frees Java's hold only: what a recorded graph still needs lives until its backward pass.
 * Arrays made from Java's own memory ({@code manager.create(float[])}, and the numbers of {@code
 * x.mul(2)}) are the exception: the garbage collector takes that memory once they are closed, so
 * they stay open until the backward pass is over, and numbers come as arguments of a {@link
 * Program}.
 */
public final class Scope implements AutoCloseable {
  private final NDScope scope = new NDScope();
  private final List<NDArray> kept = new ArrayList<>(2);

  private Scope() {
    scope.suppressNotUsedWarning();
  }

  public static Scope open() {
    return new Scope();
  }

  /**
   * Lets {@code array} outlive this scope; it then belongs to the scope around this one, if any,
   * and to its manager.
   */
  public NDArray keep(NDArray array) {
    NDScope.unregister(array);
    kept.add(array);
    return array;
  }

  @Override
  public void close() {
    scope.close();
    kept.forEach(NDScope::register);
  }

  /**
   * Takes {@code array} out of the scope open in this thread, for good: its manager alone owns it.
   * For parameters and state.
   */
  public static NDArray release(NDArray array) {
    NDScope.unregister(array);
    return array;
  }
}
