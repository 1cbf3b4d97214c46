package dev.darkroom.local.command;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import sun.misc.Signal;

/**
 * Ctrl-C, SIGTERM and a closed terminal, as an interrupt of the main thread.
 *
 * <p>The stop then runs on the main thread in its own order, and not in shutdown hooks, which all
 * run at once.
 */
final class StopSignal {
  /** Status of a program that Ctrl-C ended, by the shells' convention. */
  private static final int FORCED = 130;

  private final CountDownLatch request = new CountDownLatch(1);
  private final Thread main;

  private StopSignal(Thread main) {
    this.main = main;
  }

  /** From now on a signal interrupts the calling thread. */
  static StopSignal install() {
    var stop = new StopSignal(Thread.currentThread());
    for (String name : List.of("INT", "TERM", "HUP")) {
      Signal.handle(new Signal(name), signal -> stop.requested());
    }
    return stop;
  }

  private synchronized void requested() {
    if (isRequested()) {
      // Asked twice: the person does not want to wait. The guardian ends the processes.
      Runtime.getRuntime().halt(FORCED);
    }
    request.countDown();
    main.interrupt();
  }

  boolean isRequested() {
    return request.getCount() == 0;
  }

  /** Returns when a signal has come; the thread is not interrupted then. */
  void await() throws InterruptedException {
    try {
      request.await();
    } catch (InterruptedException e) {
      if (!isRequested()) {
        throw e;
      }
    }
    clearInterrupt();
  }

  /** Waits for the signal's handler to end: its interrupt may come after its count-down. */
  private synchronized void clearInterrupt() {
    Thread.interrupted();
  }
}
