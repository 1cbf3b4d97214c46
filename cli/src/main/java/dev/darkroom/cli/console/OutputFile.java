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
    // Of this process alone: another that writes the same file must not move this one's half.
    Path part =
        whole.resolveSibling(
            ".%s.%d.part".formatted(whole.getFileName(), ProcessHandle.current().pid()));
    try {
      Files.createDirectories(whole.getParent());
      Files.write(part, bytes);
      Files.move(part, whole, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      remove(part);
      throw cannot(file, reason(e));
    }
  }

  /**
   * Refuses a place where no file could be written, before the work for it is done.
   *
   * @throws DiffusionException if a folder is there, or what is above it takes none
   */
  public static void check(Path file) {
    Path whole = file.toAbsolutePath();
    if (Files.isDirectory(whole)) {
      throw cannot(file, "a folder");
    }
    Path above = whole.getParent();
    while (above != null && !Files.exists(above)) {
      above = above.getParent();
    }
    if (above == null || !Files.isDirectory(above)) {
      throw cannot(file, "a file where a folder has to be: " + above);
    }
    if (!Files.isWritable(above)) {
      throw cannot(file, "a folder that must not be written: " + above);
    }
  }

  private static void remove(Path part) {
    try {
      Files.deleteIfExists(part);
    } catch (IOException e) {
      // What kept it from being written keeps it from being removed, and is told.
    }
  }

  private static DiffusionException cannot(Path file, String got) {
    return DiffusionException.badInput(
        "%s: expected a place that can be written, got: %s".formatted(file, got));
  }

  private static String reason(IOException e) {
    return e.getClass().getSimpleName() + " " + e.getMessage();
  }
}
