package dev.darkroom.trainer.service;

import dev.darkroom.jobs.job.JobId;
import dev.darkroom.trainer.data.DiskErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder for the files of one running job, gone when it ends. What a killed trainer left is
 * removed when it starts again.
 */
final class Workspace implements AutoCloseable {
  private final Path root;

  private Workspace(Path root) {
    this.root = root;
  }

  private static Path all(TrainerSettings settings) {
    return settings.cacheDir().resolve("trainings").resolve(settings.name());
  }

  static Workspace of(TrainerSettings settings, JobId job) {
    Path root = all(settings).resolve(job.toString());
    delete(root);
    return new Workspace(make(root));
  }

  static void removeLeftovers(TrainerSettings settings) {
    delete(all(settings));
  }

  Path file(String name) {
    return root.resolve(name);
  }

  Path folder(String name) {
    return make(root.resolve(name));
  }

  /** Where the new model is written. */
  Path result() {
    return root.resolve("result");
  }

  private static Path make(Path folder) {
    try {
      return Files.createDirectories(folder);
    } catch (IOException e) {
      throw DiskErrors.writing(folder, e);
    }
  }

  private static void delete(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> found = Files.walk(folder)) {
      List<Path> paths = found.sorted(Comparator.reverseOrder()).toList();
      for (Path path : paths) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw DiskErrors.writing(folder, e);
    }
  }

  @Override
  public void close() {
    delete(root);
  }
}
