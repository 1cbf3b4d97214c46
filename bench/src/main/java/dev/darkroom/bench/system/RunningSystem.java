package dev.darkroom.bench.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@code ./darkroom up} on an empty folder of its own; closing stops it and removes the folder. */
public final class RunningSystem implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(250);
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path data;
  private final Process launcher;
  private final JsonNode run;
  private final HttpClient client = HttpClient.newHttpClient();

  private RunningSystem(Path data, Process launcher, JsonNode run) {
    this.data = data;
    this.launcher = launcher;
    this.run = run;
  }

  /**
   * Starts a system and waits until its gateway is healthy.
   *
   * @param options further options of {@code up}
   */
  public static RunningSystem start(String... options) throws IOException, InterruptedException {
    Path data = Files.createTempDirectory("darkroom-bench-");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("darkroom.home"), "darkroom").toString());
    command.addAll(List.of("up", "--data", data.toString(), "--port", "0"));
    command.addAll(List.of(options));
    Process launcher =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Path runFile = data.resolve("run.json");
    long began = System.nanoTime();
    while (Files.notExists(runFile)) {
      if (!launcher.isAlive() || System.nanoTime() - began > LIMIT.toNanos()) {
        launcher.destroy();
        throw new IllegalStateException("the system was not healthy within " + LIMIT);
      }
      launcher.waitFor(20, TimeUnit.MILLISECONDS);
    }
    return new RunningSystem(data, launcher, JSON.readTree(runFile.toFile()));
  }

  /** A request with the token of this system. */
  public HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(run.path("url").asText() + path))
        .timeout(Duration.ofSeconds(60))
        .header("Authorization", "Bearer " + run.path("token").asText())
        .header("Content-Type", "application/json");
  }

  /** Sends one request; any status but 2xx is an error. */
  public JsonNode send(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<byte[]> response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
    if (response.statusCode() / 100 != 2) {
      throw new IllegalStateException(
          "%s: expected 2xx, got %d: %s"
              .formatted(request.uri(), response.statusCode(), new String(response.body(), UTF_8)));
    }
    return JSON.readTree(response.body());
  }

  /** The body of a prediction of the starter model. */
  public static HttpRequest.BodyPublisher starter(String prompt, int steps) {
    return HttpRequest.BodyPublishers.ofString(
        JSON.createObjectNode()
            .put("version", "darkroom/starter")
            .set(
                "input",
                JSON.createObjectNode().put("prompt", prompt).put("num_inference_steps", steps))
            .toString());
  }

  /** Waits until the starter model is registered, and has made an image. */
  public void warmUp() throws IOException, InterruptedException {
    long began = System.nanoTime();
    while (true) {
      try {
        send(request("/v1/predictions").header("Prefer", "wait").POST(starter("warm", 2)).build());
        return;
      } catch (IllegalStateException notYet) {
        if (System.nanoTime() - began > LIMIT.toNanos()) {
          throw notYet;
        }
        launcher.waitFor(200, TimeUnit.MILLISECONDS);
      }
    }
  }

  /**
   * Posts jobs of the starter model, each with a prompt of its own.
   *
   * @return their ids
   */
  public List<String> post(int jobs, int steps) throws IOException, InterruptedException {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < jobs; i++) {
      JsonNode prediction =
          send(request("/v1/predictions").POST(starter("picture " + i, steps)).build());
      ids.add(prediction.path("id").asText());
    }
    return ids;
  }

  /**
   * Waits until all have succeeded; another end is an error. Asks no more often than a client
   * would: what it asks costs the gateway the cores that the worker computes on.
   */
  public void awaitAll(List<String> ids) throws IOException, InterruptedException {
    for (String id : ids.reversed()) {
      while (true) {
        JsonNode prediction = send(request("/v1/predictions/" + id).build());
        String status = prediction.path("status").asText();
        if (status.equals("succeeded")) {
          break;
        }
        if (status.equals("failed") || status.equals("canceled")) {
          throw new IllegalStateException(
              "prediction " + id + ": " + prediction.path("error").asText());
        }
        launcher.waitFor(POLL.toMillis(), TimeUnit.MILLISECONDS);
      }
    }
  }

  /** What each part holds in memory now, in MB. */
  public ObjectNode residentMegabytes() throws IOException {
    return ResidentMemory.megabytes(run.path("pids"));
  }

  @Override
  public void close() throws IOException, InterruptedException {
    client.close();
    launcher.destroy();
    launcher.waitFor();
    try (var files = Files.walk(data)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
