package dev.darkroom.cli.console;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The folder of a model: the one named, or the one that ships. */
public final class ModelPath {
  private static final Path STARTER = Path.of("models", "starter");

  private ModelPath() {}

  /**
   * @param named what the user said; null for the starter model
   * @throws DiffusionException in one sentence, where it is no diffusers folder
   */
  public static Path folder(@Nullable Path named) {
    Path path = named == null ? starter() : named;
    if (Files.isDirectory(path)) {
      return path;
    }
    if (!Files.exists(path)) {
      throw DiffusionException.badInput(
          "model: expected a diffusers folder, found nothing at %s; name one with --model"
              .formatted(path));
    }
    refuseFile(path);
    throw DiffusionException.badInput(
        "model: expected a diffusers folder, got the single file %s, which is not supported yet"
            .formatted(path));
  }

  /**
   * A folder or a single file.
   *
   * @param named what the user said; null for the starter model
   * @throws DiffusionException in one sentence, where there is nothing
   */
  public static Path any(@Nullable Path named) {
    Path path = named == null ? starter() : named;
    if (!Files.exists(path)) {
      throw DiffusionException.badInput(
          "model: expected a diffusers folder or a single file, found nothing at " + path);
    }
    return path;
  }

  /** Says what is wrong with a file that is no whole checkpoint; returns where nothing is. */
  public static void refuseFile(Path path) {
    Checkpoint.open(path).close();
  }

  private static Path starter() {
    Path home = home();
    Path starter = home.resolve(STARTER);
    if (!Files.isDirectory(starter)) {
      throw DiffusionException.badInput(
          "model: expected the starter model at %s, found none; name a diffusers folder with --model, or make it with ./darkroom starter build"
              .formatted(starter));
    }
    return starter;
  }

  /**
   * The project's root: as the launcher says, else the folder above this program that has the
   * model.
   */
  private static Path home() {
    String said =
        System.getProperty("darkroom.home", System.getenv().getOrDefault("DARKROOM_HOME", ""));
    if (!said.isEmpty()) {
      return Path.of(said);
    }
    Path program;
    try {
      program =
          Path.of(ModelPath.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw DiffusionException.internal("the place of the program is no path", e);
    }
    for (Path folder = program.getParent(); folder != null; folder = folder.getParent()) {
      if (Files.isDirectory(folder.resolve(STARTER))) {
        return folder;
      }
    }
    return Path.of("").toAbsolutePath();
  }
}
