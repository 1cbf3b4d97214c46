package dev.darkroom.cli.rehearse;

import dev.darkroom.cli.console.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Runs what commands do most, on a temporary folder: makes a single file, looks into it, and makes
 * a picture with it and one with the starter model. The script calls it after a build, and has the
 * JVM write down which classes that took, and what of them was hot.
 */
@Command(
    name = "rehearse",
    hidden = true,
    mixinStandardHelpOptions = true,
    description = "Records the start-up cache of the commands.")
public final class RehearseCommand implements Callable<Integer> {
  private final Console console;
  private final ToIntFunction<String[]> program;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "a small diffusers folder; default: the starter model")
  private @Nullable Path model;

  /**
   * @param program runs another command as the user would start it, and answers its exit status
   */
  public RehearseCommand(Console console, ToIntFunction<String[]> program) {
    this.console = console;
    this.program = program;
  }

  @Override
  public Integer call() throws IOException {
    Path root = Files.createTempDirectory("darkroom-rehearsal-");
    try {
      Path blank = root.resolve("blank");
      BlankModel.write(blank);
      String single = root.resolve("blank.safetensors").toString();
      String configs = blank.toString();
      String picture = root.resolve("picture.png").toString();
      int failed =
          run("convert", blank.toString(), "--out", single)
              + run("inspect", single, "--config", configs)
              + generate("--model", single, "--config", configs, "--out", picture)
              + (model == null
                  ? generate("--out", picture)
                  : generate("--model", model.toString(), "--out", picture));
      return failed == 0 ? 0 : 1;
    } finally {
      try (Stream<Path> files = Files.walk(root)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private int generate(String... options) {
    return run(
        Stream.concat(
                Stream.of("generate", "--prompt", "a red apple", "--steps", "2"),
                Stream.of(options))
            .toArray(String[]::new));
  }

  private int run(String... arguments) {
    console.progress(String.join(" ", List.of(arguments)));
    return program.applyAsInt(arguments);
  }
}
