package dev.darkroom.e2e;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** {@code ./darkroom up} as a process, and the other commands of the script on the same folder. */
final class Launcher implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(120);

  /** What a command of the script said, and how it ended. */
  record Answer(int status, String output, String errors) {}

  private final Path data;
  private final Path screen;
  private final Process process;

  private Launcher(Path data, Path screen, Process process) {
    this.data = data;
    this.screen = screen;
    this.process = process;
  }

  /** Starts the system and waits for {@code run.json}. */
  static Launcher up(Path data, Path screen, String... options) throws Exception {
    List<String> arguments =
        new ArrayList<>(List.of("up", "--data", data.toString(), "--port", "0"));
    arguments.addAll(List.of(options));
    var process =
        script(arguments).redirectErrorStream(true).redirectOutput(screen.toFile()).start();
    var launcher = new Launcher(data, screen, process);
    try {
      Eventually.until(
          "run.json",
          START,
          () -> {
            assertTrue(process.isAlive(), launcher::screen);
            // A killed launcher leaves its file behind; the script becomes the launcher, so the
            // number is the same.
            try {
              return launcher.runFile().path("pids").path("launcher").asLong() == process.pid();
            } catch (FileNotFoundException notYet) {
              return false;
            }
          });
    } catch (AssertionError e) {
      launcher.close();
      throw new AssertionError(e.getMessage() + "\n" + launcher.screen(), e);
    }
    return launcher;
  }

  /** Runs another command of the script to its end. */
  static Answer run(String... arguments) throws Exception {
    var process = script(List.of(arguments)).start();
    process.getOutputStream().close();
    String errors = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Answer(process.waitFor(), output, errors);
  }

  private static ProcessBuilder script(List<String> arguments) {
    var command = new ArrayList<String>();
    command.add(Testbed.home().resolve("darkroom").toString());
    command.addAll(arguments);
    var builder = new ProcessBuilder(command);
    // The tests run inside a build; another one in the same folders would pull the jars from under
    // it.
    builder.environment().put("DARKROOM_BUILD", "never");
    builder.environment().put("DARKROOM_STARTER_PATH", Testbed.tinyModel().toString());
    return builder;
  }

  JsonNode runFile() throws IOException {
    return Api.JSON.readTree(data.resolve("run.json").toFile());
  }

  Api api() throws IOException {
    return new Api(runFile().path("url").asText(), runFile().path("token").asText());
  }

  /** Every process that the system consists of, the launcher's own and Postgres' too. */
  List<ProcessHandle> processes() {
    return Stream.concat(Stream.of(process.toHandle()), process.descendants()).toList();
  }

  Process process() {
    return process;
  }

  String screen() {
    try {
      return Files.readString(screen);
    } catch (IOException e) {
      return "nothing on the screen: " + e.getMessage();
    }
  }

  @Override
  public void close() throws InterruptedException {
    List<ProcessHandle> all = processes();
    process.destroy();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    // What a killed launcher leaves behind, its guardian ends; until then it writes to the folder.
    all.forEach(each -> each.onExit().join());
  }
}
