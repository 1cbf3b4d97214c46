package dev.darkroom.diffusion.kernels;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Ends a process between kernels. At Ctrl-C the virtual machine waits 0.3 s for native code and
 * then lets libtorch and its thread pool tear themselves down; a kernel that still runs dies of
 * that, and the user sees a crash report. With this, the exit waits for the kernel under way, a
 * fraction of a denoising step, and no other one begins.
 *
 * <p>For programs whose computations nobody waits for at their end. A training, which saves a
 * checkpoint first, must not use it.
 */
public final class QuietExit {
  private static final long PATIENCE_SECONDS = 60;
  private static final ReentrantReadWriteLock KERNELS = new ReentrantReadWriteLock();
  private static volatile boolean wanted;

  private QuietExit() {}

  /** From now on, for the whole process. */
  public static synchronized void want() {
    if (!wanted) {
      wanted = true;
      Runtime.getRuntime().addShutdownHook(new Thread(QuietExit::close, "quiet-exit"));
    }
  }

  /** Before a kernel: waits for ever where the process is about to end. */
  static boolean enter() {
    if (wanted) {
      KERNELS.readLock().lock();
      return true;
    }
    return false;
  }

  /**
   * After it.
   *
   * @param entered what {@link #enter} said
   */
  static void leave(boolean entered) {
    if (entered) {
      KERNELS.readLock().unlock();
    }
  }

  /** Never opened again. */
  private static void close() {
    try {
      if (!KERNELS.writeLock().tryLock(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        System.err.println("a kernel runs for over a minute; the process ends in its midst");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
