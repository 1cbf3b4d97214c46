package dev.darkroom.local.supervisor;

import dev.darkroom.local.embedded.DetachedCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** One process that is started again, ever more slowly, whenever it ends without being asked to. */
final class Child {
  private final ChildCommand command;
  private final Guardian guardian;
  private final RotatingLog log;
  private final Progress progress;
  private final Runnable onRestart;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private volatile Process process;
  private volatile Thread copying;

  private Child(
      ChildCommand command, Path logs, Guardian guardian, Progress progress, Runnable onRestart)
      throws IOException {
    this.command = command;
    this.guardian = guardian;
    this.log = new RotatingLog(logs, command.name());
    this.progress = progress;
    this.onRestart = onRestart;
    this.process = launch();
    this.copying = log.follow(process);
  }

  /**
   * Starts the process and watches it.
   *
   * @param onRestart called after each later start, when the process id has changed
   */
  static Child start(
      ChildCommand command, Path logs, Guardian guardian, Progress progress, Runnable onRestart)
      throws IOException {
    var child = new Child(command, logs, guardian, progress, onRestart);
    Thread.ofPlatform().daemon().name("supervisor of " + command.name()).start(child::supervise);
    return child;
  }

  private Process launch() throws IOException {
    var builder =
        new ProcessBuilder(DetachedCommand.of(command.command())).redirectErrorStream(true);
    builder.environment().putAll(command.environment());
    Process started = builder.start();
    guardian.add(started.pid());
    started.getOutputStream().close();
    return started;
  }

  private void supervise() {
    var backoff = Backoff.FIRST;
    try {
      while (true) {
        Instant began = Instant.now();
        int status = process.waitFor();
        if (stopping.getCount() == 0) {
          return;
        }
        guardian.remove(process.pid());
        backoff = backoff.after(Duration.between(began, Instant.now()));
        progress.say(
            "%s ended with status %d; it starts again in %.1f s (%s)",
            command.name(), status, backoff.next().toMillis() / 1000.0, log.file());
        if (stopping.await(backoff.next().toMillis(), TimeUnit.MILLISECONDS)) {
          return;
        }
        backoff = backoff.doubled();
        restart();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw new UncheckedIOException(command.name() + " cannot be started again", e);
    }
  }

  /** Under the lock of {@link #askToStop}, so that no process starts behind a stop. */
  private synchronized void restart() throws IOException {
    if (stopping.getCount() > 0) {
      process = launch();
      copying = log.follow(process);
      onRestart.run();
    }
  }

  String name() {
    return command.name();
  }

  URI health() {
    return command.health();
  }

  Path logFile() {
    return log.file();
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Sends SIGTERM and starts the process no more. */
  synchronized void askToStop() {
    stopping.countDown();
    // Of the handle: Process.destroy() would close the pipe, and the last lines of the log with it.
    process.toHandle().destroy();
  }

  /** Waits for the end after {@link #askToStop}, and kills the process when the time is over. */
  void awaitEnd(Instant deadline) throws InterruptedException {
    long left = Math.max(0, Duration.between(Instant.now(), deadline).toMillis());
    if (!process.waitFor(left, TimeUnit.MILLISECONDS)) {
      progress.say("%s does not stop and is killed", command.name());
      process.toHandle().destroyForcibly();
      process.waitFor();
    }
    guardian.remove(process.pid());
    // A grandchild that lives on could hold the pipe open; the last lines are not worth waiting for
    // it.
    copying.join(Duration.ofSeconds(1));
  }
}
