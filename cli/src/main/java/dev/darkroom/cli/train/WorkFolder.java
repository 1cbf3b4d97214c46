package dev.darkroom.cli.train;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.trainer.loop.CheckpointStore;
import dev.darkroom.trainer.loop.FolderCheckpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * What a run leaves behind while it goes on: checkpoints, cached latents, sample grids, and the
 * result until it is whole.
 *
 * @param root a folder of this run alone
 */
record WorkFolder(Path root) {
  CheckpointStore checkpoints() {
    return new FolderCheckpoints(root.resolve("checkpoints"));
  }

  Path caches() {
    return root.resolve("caches");
  }

  Path samples() {
    return root.resolve("samples");
  }

  /** The result while it is written; what an earlier run left of it is removed. */
  Path freshResult() {
    Path result = root.resolve("result");
    try {
      if (Files.exists(result)) {
        try (Stream<Path> left = Files.walk(result)) {
          for (Path file : left.sorted(Comparator.reverseOrder()).toList()) {
            Files.delete(file);
          }
        }
      }
      Files.createDirectories(root);
      return result;
    } catch (IOException e) {
      throw DiffusionException.badInput(
          "--work: expected a folder that can be written, got %s: %s"
              .formatted(root, e.getMessage()));
    }
  }

  /** Gives the whole result its name. */
  void publish(Path result, Path out) {
    try {
      Path target = out.toAbsolutePath().normalize();
      Files.createDirectories(target.getParent());
      Files.move(result, target);
    } catch (IOException e) {
      throw DiffusionException.internal(
          "cannot move the result %s to %s: %s".formatted(result, out, e.getMessage()), e);
    }
  }
}
