package dev.darkroom.local.supervisor;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(150)
class GuardianTest {
  @Test
  void endsWhatIsRegisteredWhenItsPipeCloses() throws Exception {
    Process polite = shell("sleep 300");
    Process stubborn = shell("trap '' TERM; while :; do sleep 1; done");
    Process forgotten = shell("sleep 300");
    try {
      var guardian = Guardian.start();
      guardian.add(polite.pid());
      guardian.add(stubborn.pid());
      guardian.add(forgotten.pid());
      guardian.remove(forgotten.pid());
      guardian.close();
      assertTrue(polite.waitFor(60, TimeUnit.SECONDS));
      assertTrue(stubborn.waitFor(60, TimeUnit.SECONDS));
      assertTrue(forgotten.isAlive());
    } finally {
      forgotten.destroyForcibly().waitFor();
    }
  }

  @Test
  void endsAtOnceWhenNothingIsRegistered() throws Exception {
    Process ended = shell("exit 0");
    ended.waitFor();
    var guardian = Guardian.start();
    guardian.add(ended.pid());
    guardian.remove(ended.pid());
    guardian.close();
    assertFalse(ended.isAlive());
  }

  private static Process shell(String script) throws Exception {
    return new ProcessBuilder("/bin/sh", "-c", script).start();
  }
}
