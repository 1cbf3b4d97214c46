package dev.darkroom.local.supervisor;

import java.net.URI;
import java.util.List;
import java.util.Map;

/**
 * How one process is started and asked for its health.
 *
 * @param name unique in the system; names the log file too
 * @param command program and arguments
 * @param environment added to this JVM's own
 * @param health answers 200 when the process is ready
 */
record ChildCommand(
    String name, List<String> command, Map<String, String> environment, URI health) {
  ChildCommand {
    command = List.copyOf(command);
    environment = Map.copyOf(environment);
  }
}
