package dev.darkroom.trainer.recipe;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.stream.Stream;

/** A diffusers folder made of another one. */
final class PipelineFolder {
  private PipelineFolder() {}

  /**
   * Copies all of {@code base} but one component, which the caller writes.
   *
   * @return the component's folder in {@code target}, not made yet
   */
  static Path copyBut(String component, Path base, Path target) {
    try (Stream<Path> all = Files.walk(base)) {
      for (Path source : all.filter(Files::isRegularFile).toList()) {
        Path relative = base.relativize(source);
        if (!relative.startsWith(component)) {
          Path copy = target.resolve(relative.toString());
          Files.createDirectories(copy.getParent());
          Files.copy(source, copy, StandardCopyOption.REPLACE_EXISTING);
        }
      }
      return target.resolve(component);
    } catch (IOException e) {
      throw new UncheckedIOException("copying %s to %s".formatted(base, target), e);
    }
  }
}
