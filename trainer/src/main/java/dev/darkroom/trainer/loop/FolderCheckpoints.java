package dev.darkroom.trainer.loop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Checkpoints as folders {@code step-00001200} below one folder, of which the newest two are kept.
 * A checkpoint appears by one rename, so that a crash leaves a whole one or none.
 */
public final class FolderCheckpoints implements CheckpointStore {
  private static final int KEPT = 2;
  private static final String PREFIX = "step-";

  private final Path root;

  public FolderCheckpoints(Path root) {
    this.root = root;
  }

  @Override
  public void save(long step, Path folder) {
    try {
      Files.createDirectories(root);
      Path partial = root.resolve("partial");
      delete(partial);
      Files.createDirectory(partial);
      for (Path file : list(folder)) {
        Files.copy(file, partial.resolve(file.getFileName().toString()));
        Durable.sync(partial.resolve(file.getFileName().toString()));
      }
      Path target = root.resolve(PREFIX + "%08d".formatted(step));
      delete(target);
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
      Durable.sync(root);
      List<Path> all = checkpoints();
      for (Path old : all.subList(0, Math.max(0, all.size() - KEPT))) {
        delete(old);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("saving a checkpoint below " + root, e);
    }
  }

  @Override
  public Optional<Path> latest() {
    try {
      List<Path> all = checkpoints();
      return all.isEmpty() ? Optional.empty() : Optional.of(all.getLast());
    } catch (IOException e) {
      throw new UncheckedIOException("looking for checkpoints below " + root, e);
    }
  }

  private List<Path> checkpoints() throws IOException {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    return list(root).stream()
        .filter(path -> path.getFileName().toString().startsWith(PREFIX))
        .toList();
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> below = Files.walk(folder)) {
      for (Path path : below.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
