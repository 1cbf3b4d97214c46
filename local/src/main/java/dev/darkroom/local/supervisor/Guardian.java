package dev.darkroom.local.supervisor;

import dev.darkroom.local.embedded.DetachedCommand;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * A shell beside this JVM that ends every registered process when this JVM is gone, also by
 * SIGKILL.
 *
 * <p>It reads process ids from a pipe that this JVM holds open. The kernel closes the pipe with the
 * JVM, the shell sees its end, asks the processes to stop and, five seconds later, makes them. The
 * services need to know nothing of it.
 */
final class Guardian implements AutoCloseable {
  private static final String SCRIPT =
      """
      pids=
      while read -r change pid; do
        rest=
        for known in $pids; do [ "$known" = "$pid" ] || rest="$rest $known"; done
        pids=$rest
        [ "$change" = remove ] || pids="$pids $pid"
      done
      for pid in $pids; do kill -TERM "$pid" 2>/dev/null; done
      tries=0
      while [ $tries -lt 5 ]; do
        alive=
        for pid in $pids; do kill -0 "$pid" 2>/dev/null && alive=yes; done
        [ -n "$alive" ] || exit 0
        sleep 1
        tries=$((tries + 1))
      done
      for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done
      """;

  private final Process shell;
  private final BufferedWriter pipe;

  private Guardian(Process shell) {
    this.shell = shell;
    this.pipe = shell.outputWriter();
  }

  static Guardian start() throws IOException {
    return new Guardian(
        new ProcessBuilder(DetachedCommand.of(List.of("/bin/sh", "-c", SCRIPT)))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start());
  }

  void add(long pid) {
    tell("add " + pid);
  }

  /** Forgets a process that has ended, before its number can go to a stranger. */
  void remove(long pid) {
    tell("remove " + pid);
  }

  private synchronized void tell(String line) {
    try {
      pipe.write(line + "\n");
      pipe.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("the guardian of the processes is gone", e);
    }
  }

  /** Ends the guardian, and with it whatever is still registered. */
  @Override
  public void close() throws IOException {
    pipe.close();
    try {
      shell.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
