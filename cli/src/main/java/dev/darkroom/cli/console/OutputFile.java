package dev.darkroom.cli.console;

import dev.darkroom.diffusion.DiffusionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Files appear whole or not at all. */
public final class OutputFile {
  private OutputFile() {}

  /** Writes a file, and the folders above it where they are missing. */
  public static void write(Path file, byte[] bytes) {
    Path whole = file.toAbsolutePath();
    Path part = whole.resolveSibling("." + whole.getFileName() + ".part");
    try {
      Files.createDirectories(whole.getParent());
      Files.write(part, bytes);
      Files.move(part, whole, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw DiffusionException.badInput(
          "%s: expected a place that can be written, got: %s".formatted(file, reason(e)));
    }
  }

  private static String reason(IOException e) {
    return e.getClass().getSimpleName() + " " + e.getMessage();
  }
}
