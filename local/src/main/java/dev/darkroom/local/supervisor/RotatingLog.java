package dev.darkroom.local.supervisor;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * The output of one process in files of bounded size: {@code name.log} and, before it, {@code
 * name.1.log}.
 */
final class RotatingLog {
  private static final long MOST_BYTES = 16 << 20;

  private final Path current;
  private final Path previous;

  RotatingLog(Path folder, String name) {
    this.current = folder.resolve(name + ".log");
    this.previous = folder.resolve(name + ".1.log");
  }

  Path file() {
    return current;
  }

  /** Copies the output on a thread of its own until the process closes it; the thread ends then. */
  Thread follow(Process process) {
    return Thread.ofPlatform()
        .daemon()
        .name("log of " + current.getFileName())
        .start(
            () -> {
              try (InputStream output = process.getInputStream()) {
                copy(output);
              } catch (IOException e) {
                throw new UncheckedIOException("log " + current + " cannot be written", e);
              }
            });
  }

  private void copy(InputStream output) throws IOException {
    var buffer = new byte[8192];
    OutputStream file = open();
    try {
      long written = Files.size(current);
      for (int count = output.read(buffer); count >= 0; count = output.read(buffer)) {
        if (written > MOST_BYTES) {
          file.close();
          Files.move(current, previous, StandardCopyOption.REPLACE_EXISTING);
          file = open();
          written = 0;
        }
        file.write(buffer, 0, count);
        written += count;
      }
    } finally {
      file.close();
    }
  }

  private OutputStream open() throws IOException {
    return Files.newOutputStream(current, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }
}
