package dev.darkroom.bench.peer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.util.List;

/** A process that runs a step whenever it is asked to. */
public final class Stepper implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Process process;
  private final Writer questions;
  private final BufferedReader answers;
  private final JsonNode greeting;

  /** Starts the process and waits until it is warm. */
  public Stepper(List<String> command) throws IOException {
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    questions = process.outputWriter();
    answers = process.inputReader();
    greeting = answer();
  }

  public JsonNode greeting() {
    return greeting;
  }

  public JsonNode step() throws IOException {
    questions.write("\n");
    questions.flush();
    return answer();
  }

  /** Ends the process; what it says last is its peak memory. */
  public long peakKilobytes() throws IOException {
    questions.close();
    return answer().path("peak_kilobytes").longValue();
  }

  private JsonNode answer() throws IOException {
    String line = answers.readLine();
    if (line == null) {
      throw new IllegalStateException(
          "a process of the benchmark ended early: "
              + String.join(" ", process.info().command().stream().toList()));
    }
    return JSON.readTree(line);
  }

  @Override
  public void close() {
    process.destroy();
  }
}
