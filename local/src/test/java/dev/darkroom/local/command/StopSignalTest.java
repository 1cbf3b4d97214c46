package dev.darkroom.local.command;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import sun.misc.Signal;
import sun.misc.SignalHandler;

@Timeout(60)
class StopSignalTest {
  private static final int SIGNALS = 300;

  private final Map<Signal, SignalHandler> before = new HashMap<>();

  @BeforeEach
  void remember() {
    for (String name : List.of("INT", "TERM", "HUP")) {
      Signal signal = new Signal(name);
      before.put(signal, Signal.handle(signal, ignored -> {}));
    }
  }

  @AfterEach
  void restore() {
    before.forEach(Signal::handle);
  }

  /** A late interrupt of one signal would cut short whatever is awaited next: here the next one. */
  @Test
  void nothingOfASignalIsLeftOnceItWasAwaited() throws InterruptedException {
    for (int i = 0; i < SIGNALS; i++) {
      StopSignal stop = StopSignal.install();
      assertFalse(stop.isRequested());
      Signal.raise(new Signal("TERM"));
      stop.await();
      assertTrue(stop.isRequested());
    }
    assertFalse(Thread.interrupted());
  }
}
