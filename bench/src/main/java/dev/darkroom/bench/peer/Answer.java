package dev.darkroom.bench.peer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;

/** A process that measures one thing and says it in the last line of its output. */
public final class Answer {
  private Answer() {}

  public static JsonNode of(List<String> command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String last = null;
    try (var output = process.inputReader()) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        last = line;
      }
    }
    if (process.waitFor() != 0 || last == null) {
      throw new IllegalStateException(
          "a process of the benchmark failed: " + String.join(" ", command));
    }
    return new ObjectMapper().readTree(last);
  }
}
