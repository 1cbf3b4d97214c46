package dev.darkroom.bench.peer;

import ai.djl.Device;
import dev.darkroom.diffusion.kernels.TorchRuntime;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The command lines of the two processes of a benchmark. */
public final class Programs {
  private Programs() {}

  /**
   * A main class of this benchmark's class path in a JVM of its own, with the options that the
   * script gave this one: those of every command, its start-up cache too.
   */
  public static List<String> java(Class<?> main, List<String> arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    // What is measured is outside the heap.
    command.add("-Xmx256m");
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    return command;
  }

  /** A script under the Python that {@code DARKROOM_PYTHON} names, default {@code python3}. */
  public static List<String> python(Path script, List<String> arguments) {
    List<String> command = new ArrayList<>(List.of(python(), script.toString()));
    command.addAll(arguments);
    return command;
  }

  /** Whether that Python is there and has diffusers; says on standard error where not. */
  public static boolean hasDiffusers() throws IOException, InterruptedException {
    boolean found;
    try {
      found =
          new ProcessBuilder(python(), "-c", "import diffusers")
                  .redirectErrorStream(true)
                  .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                  .start()
                  .waitFor()
              == 0;
    } catch (IOException noPython) {
      System.err.println(noPython.getMessage());
      found = false;
    }
    if (!found) {
      System.err.println(
          python() + " has no diffusers: measuring ours alone; DARKROOM_PYTHON names another");
    }
    return found;
  }

  /**
   * A class path resource, by its name beside {@code owner} or from the root, as a file of {@code
   * folder}.
   */
  public static Path resource(Class<?> owner, String name, Path folder) throws IOException {
    Path file = folder.resolve(Path.of(name).getFileName());
    try (InputStream in = owner.getResourceAsStream(name)) {
      Files.copy(Objects.requireNonNull(in, name), file);
    }
    return file;
  }

  /**
   * What both sides compute on: {@code DARKROOM_DEVICE}, {@code cpu} or {@code gpu}; default {@code
   * cpu}.
   */
  public static Device device() {
    return TorchRuntime.device(Objects.requireNonNullElse(System.getenv("DARKROOM_DEVICE"), "cpu"));
  }

  private static String python() {
    return Objects.requireNonNullElse(System.getenv("DARKROOM_PYTHON"), "python3");
  }
}
