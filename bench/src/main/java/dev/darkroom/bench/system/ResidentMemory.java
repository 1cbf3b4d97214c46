package dev.darkroom.bench.system;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What the processes of a system hold in memory now. */
public final class ResidentMemory {
  private ResidentMemory() {}

  /**
   * @param pids as {@code run.json} names them: a number, or a list of them, by part
   * @return megabytes of each part: a number, or the largest of its processes
   */
  public static ObjectNode megabytes(JsonNode pids) throws IOException {
    ObjectNode parts = JsonNodeFactory.instance.objectNode();
    for (var part : pids.properties()) {
      long largest = 0;
      for (JsonNode pid : part.getValue().isArray() ? part.getValue() : List.of(part.getValue())) {
        largest = Math.max(largest, megabytes(pid.asLong()));
      }
      parts.put(part.getKey(), largest);
    }
    return parts;
  }

  private static long megabytes(long pid) throws IOException {
    return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
            .filter(line -> line.startsWith("VmRSS:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
            .sum()
        / 1024;
  }
}
