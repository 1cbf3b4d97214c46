package dev.darkroom.local.supervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(150)
class ChildTest {
  private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
  private final Progress progress =
      new Progress(new PrintWriter(screen, true, StandardCharsets.UTF_8));
  @TempDir private Path logs;

  @Test
  void killedProcessStartsAgainAndAStoppedOneDoesNot() throws Exception {
    try (var guardian = Guardian.start()) {
      var restarted = new CountDownLatch(1);
      String script =
          "[ -f \"$MARKER\" ] && exec sleep 300; echo hello; echo $$ > \"$MARKER\"; kill -KILL $$";
      var child = Child.start(command(script), logs, guardian, progress, restarted::countDown);
      assertTrue(restarted.await(60, TimeUnit.SECONDS));
      assertNotEquals(Files.readString(logs.resolve("marker")).strip(), Long.toString(child.pid()));
      assertTrue(child.isAlive());

      child.askToStop();
      child.awaitEnd(Instant.now().plusSeconds(10));
      assertFalse(child.isAlive());
      assertTrue(
          screen
              .toString(StandardCharsets.UTF_8)
              .contains("part ended with status 137; it starts again in 0.5 s"));
      awaitLog(child, "hello\n");
    }
  }

  @Test
  void processThatIgnoresTheStopIsKilledWhenTheTimeIsOver() throws Exception {
    try (var guardian = Guardian.start()) {
      var child =
          Child.start(
              command("trap '' TERM; echo ready; while :; do sleep 1; done"),
              logs,
              guardian,
              progress,
              () -> {});
      child.askToStop();
      child.awaitEnd(Instant.now().plusMillis(300));
      assertFalse(child.isAlive());
    }
  }

  /** Each process of a part has a thread of its own that copies what it says. */
  private static void awaitLog(Child child, String expected) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (Files.size(child.logFile()) < expected.length() && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    assertEquals(expected, Files.readString(child.logFile()));
  }

  private ChildCommand command(String script) {
    return new ChildCommand(
        "part",
        List.of("/bin/sh", "-c", script),
        Map.of("MARKER", logs.resolve("marker").toString()),
        URI.create("http://127.0.0.1:1/"));
  }
}
