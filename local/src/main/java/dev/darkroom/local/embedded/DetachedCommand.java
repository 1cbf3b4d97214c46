package dev.darkroom.local.embedded;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Commands that Ctrl-C in the launcher's terminal does not reach.
 *
 * <p>A terminal sends SIGINT to its whole foreground group. The services must outlive that moment,
 * so that the launcher can stop them in order: workers hand their jobs back to a Kafka and a
 * Postgres that are still there.
 */
public final class DetachedCommand {
  private DetachedCommand() {}

  /**
   * Returns the command that runs {@code command} in a session of its own, or with SIGINT ignored
   * where it cannot.
   */
  public static List<String> of(List<String> command) {
    var detached = new ArrayList<String>();
    if (onPath("setsid")) {
      detached.add("setsid");
    } else {
      // macOS has no setsid; an ignored signal stays ignored through exec.
      detached.addAll(List.of("/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh"));
    }
    detached.addAll(command);
    return List.copyOf(detached);
  }

  static boolean onPath(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "/usr/bin:/bin").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }
}
