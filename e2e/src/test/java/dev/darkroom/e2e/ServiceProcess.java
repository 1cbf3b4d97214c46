package dev.darkroom.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.local.supervisor.Probe;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One process of a service, to be killed, frozen and stopped by a test. */
final class ServiceProcess implements AutoCloseable {
  private static final Duration READY = Duration.ofSeconds(90);

  private final Process process;
  private final URI health;
  private final Path log;

  private ServiceProcess(Process process, URI health, Path log) {
    this.process = process;
    this.health = health;
    this.log = log;
  }

  static ServiceProcess start(
      List<String> command, Map<String, String> environment, URI health, Path log)
      throws Exception {
    var builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    return new ServiceProcess(builder.start(), health, log);
  }

  ServiceProcess awaitReady() throws Exception {
    try (var probe = new Probe()) {
      Eventually.until(
          health + " ready",
          READY,
          () -> {
            assertTrue(process.isAlive(), () -> "ended before it was ready:\n" + tail());
            return probe.ask(health) == Probe.Health.READY;
          });
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "\n" + tail(), e);
    }
    return this;
  }

  /** Waits until the crash point that the process was started with has ended it. */
  void awaitCrash(Duration limit) throws Exception {
    assertTrue(
        process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS),
        () -> "no crash within " + limit + "\n" + tail());
    assertEquals(137, process.exitValue(), this::tail);
  }

  void kill() throws Exception {
    process.destroyForcibly().waitFor();
  }

  void freeze() throws Exception {
    signal("STOP");
  }

  void thaw() throws Exception {
    signal("CONT");
  }

  private void signal(String name) throws Exception {
    // Every shell has kill, not every system a program of that name.
    var command = List.of("/bin/sh", "-c", "kill -" + name + " $0", Long.toString(process.pid()));
    assertEquals(0, new ProcessBuilder(command).start().waitFor());
  }

  boolean isAlive() {
    return process.isAlive();
  }

  private String tail() {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
    } catch (java.io.IOException e) {
      return "no log: " + e.getMessage();
    }
  }

  /** SIGTERM, then SIGKILL. */
  @Override
  public void close() throws Exception {
    process.destroy();
    if (!process.waitFor(15, TimeUnit.SECONDS)) {
      kill();
    }
  }
}
