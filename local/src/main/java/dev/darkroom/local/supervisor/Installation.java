package dev.darkroom.local.supervisor;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the built services lie.
 *
 * @param home the root of the source tree
 * @param startUp what the processes do about their start-up caches
 */
public record Installation(Path home, StartUp startUp) {

  /**
   * A start-up cache (AOT cache, JEP 483 and 515) holds the classes that a run loaded, linked and
   * profiled; it makes the next start of the same jars two to four times faster.
   */
  public enum StartUp {
    /** Use the cache where there is one. */
    USE_CACHE,
    /** Write the cache when the process ends. */
    RECORD_CACHE
  }

  /** The installation that the {@code darkroom} script started this JVM from. */
  public static Installation ofScript(StartUp startUp) {
    String home = System.getProperty("darkroom.home");
    if (home == null) {
      throw new SupervisorException(
          "expected the system property darkroom.home, as the ./darkroom script sets it; start ./darkroom");
    }
    return new Installation(Path.of(home), startUp);
  }

  /**
   * The command of one service's process, less its environment.
   *
   * @param flags of the JVM, beside those that the service always gets
   */
  public List<String> command(Service service, String... flags) {
    Path jar = home.resolve(service.title()).resolve("target/quarkus-app/quarkus-run.jar");
    if (!Files.exists(jar)) {
      throw new SupervisorException(
          "expected the built %s at %s; run ./darkroom up, which builds it"
              .formatted(service.title(), jar));
    }
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(service.flags());
    command.addAll(List.of(flags));
    Path cache = home.resolve("target/aot").resolve(service.title() + ".aot");
    switch (startUp) {
      case USE_CACHE -> {
        if (isNewer(cache, jar)) {
          command.add("-XX:AOTCache=" + cache);
          // It warns of every class that the JVM lays out differently in this run.
          command.add("-Xlog:aot*=error");
        }
      }
      case RECORD_CACHE -> command.add("-XX:AOTCacheOutput=" + cache);
    }
    command.add("-jar");
    command.add(jar.toString());
    return List.copyOf(command);
  }

  /** A cache of an older build holds that build's classes, and the JVM does not always notice. */
  private static boolean isNewer(Path cache, Path jar) {
    return cache.toFile().lastModified() > jar.toFile().lastModified();
  }

  /**
   * The model that ships: {@code DARKROOM_STARTER_PATH} where set, else the folder of the source
   * tree.
   */
  Path starter() {
    String chosen = System.getenv("DARKROOM_STARTER_PATH");
    return chosen == null || chosen.isBlank()
        ? home.resolve("models/starter")
        : Path.of(chosen).toAbsolutePath();
  }
}
