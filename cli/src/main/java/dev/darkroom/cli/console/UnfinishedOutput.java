package dev.darkroom.cli.console;

import dev.darkroom.diffusion.DiffusionException;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A file or a folder while it grows, hidden beside its place. What is still there is removed when
 * this is closed, and when the process is told to end. No other command has the same one.
 */
public final class UnfinishedOutput implements AutoCloseable {
  private static final AtomicInteger MADE = new AtomicInteger();
  private static final int ATTEMPTS = 5;

  private final Path path;
  private final Thread atTheEnd;

  private UnfinishedOutput(Path path) {
    this.path = path;
    this.atTheEnd = new Thread(this::removeWhileItGrows);
    Runtime.getRuntime().addShutdownHook(atTheEnd);
  }

  /**
   * @param target absolute; nothing is made here yet
   */
  public static UnfinishedOutput of(Path target) {
    return new UnfinishedOutput(
        target.resolveSibling(
            ".%s.%d-%d.part"
                .formatted(
                    target.getFileName(), ProcessHandle.current().pid(), MADE.incrementAndGet())));
  }

  public Path path() {
    return path;
  }

  private void remove() throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    try (Stream<Path> found = Files.walk(path)) {
      for (Path file : found.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** The command may still be writing: what it adds meanwhile is removed the next time. */
  private void removeWhileItGrows() {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        remove();
      } catch (DirectoryNotEmptyException | NoSuchFileException e) {
        continue;
      } catch (IOException e) {
        return; // there is nobody left to tell
      }
    }
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(atTheEnd);
    } catch (IllegalStateException e) {
      return; // the process ends, and does it there
    }
    try {
      remove();
    } catch (IOException e) {
      throw DiffusionException.internal("cannot remove " + path + ": " + e.getMessage(), e);
    }
  }
}
