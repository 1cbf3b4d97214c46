package dev.darkroom.diffusion.kernels;

import ai.djl.pytorch.jni.JniUtils;

/**
 * Whether operations of this thread are recorded for a backward pass. PyTorch keeps it per thread
 * and starts every thread with recording on, so inference says {@link #off()} around its work, in
 * each thread.
 *
 * <pre>{@code try (GradMode mode = GradMode.off()) { ... }}</pre>
 */
public final class GradMode implements AutoCloseable {
  private final boolean before = JniUtils.isGradMode();

  private GradMode(boolean recording) {
    JniUtils.setGradMode(recording);
  }

  public static GradMode on() {
    TorchRuntime.start();
    return new GradMode(true);
  }

  public static GradMode off() {
    TorchRuntime.start();
    return new GradMode(false);
  }

  /** Sets what was before. */
  @Override
  public void close() {
    JniUtils.setGradMode(before);
  }
}
