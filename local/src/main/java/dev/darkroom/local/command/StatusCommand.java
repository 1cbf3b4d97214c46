package dev.darkroom.local.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.local.supervisor.Probe;
import dev.darkroom.local.supervisor.RunFile;
import java.io.IOException;
import java.net.URI;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints {@code run.json} of a running system, and what each part says of itself now. */
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    description =
        "Prints how to reach the running system and what each part is doing, as one JSON object.")
public final class StatusCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOption data = new DataOption();

  @Override
  public Integer call() throws IOException, InterruptedException {
    Optional<Long> launcher = data.folder().runningLauncher();
    if (launcher.isEmpty()) {
      spec.commandLine()
          .getErr()
          .println(
              "Darkroom is not up on %s; ./darkroom up --data %s starts it"
                  .formatted(data.path(), data.path()));
      return 1;
    }
    Optional<RunFile> running = RunFile.read(data.folder());
    if (running.isEmpty()) {
      spec.commandLine()
          .getErr()
          .println(
              "Darkroom is starting or stopping on %s (process %d)"
                  .formatted(data.path(), launcher.get()));
      return 1;
    }
    ObjectNode answer = (ObjectNode) JSON.readTree(running.get().toJson());
    answer.set("parts", parts(running.get().health()));
    spec.commandLine().getOut().println(JSON.writeValueAsString(answer));
    return 0;
  }

  private static ObjectNode parts(Map<String, String> health) throws InterruptedException {
    ObjectNode parts = JSON.createObjectNode();
    try (var probe = new Probe()) {
      for (var part : health.entrySet()) {
        String said =
            probe
                .ask(URI.create(part.getValue()))
                .name()
                .toLowerCase(Locale.ROOT)
                .replace('_', ' ');
        parts.put(part.getKey(), said);
      }
    }
    return parts;
  }
}
