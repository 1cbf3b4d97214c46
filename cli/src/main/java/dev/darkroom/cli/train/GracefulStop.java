package dev.darkroom.cli.train;

import dev.darkroom.trainer.loop.StopSignal;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Ctrl-C and SIGTERM end a run after its step, with a checkpoint. The process waits for that. */
final class GracefulStop implements StopSignal, AutoCloseable {
  private static final long PATIENCE_SECONDS = 600;

  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread hook = new Thread(this::request, "stop");
  private volatile boolean requested;

  GracefulStop() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  @Override
  public boolean stopRequested() {
    return requested;
  }

  /** The run is over, however it ended. */
  @Override
  public void close() {
    ended.countDown();
    if (!requested) {
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }

  private void request() {
    requested = true;
    try {
      // The virtual machine ends when its hooks have; the run needs that time for its checkpoint.
      boolean saved = ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (!saved) {
        System.err.println(
            "the step did not end within "
                + PATIENCE_SECONDS
                + " s; the run goes on from an older checkpoint");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
