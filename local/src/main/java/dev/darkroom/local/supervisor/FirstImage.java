package dev.darkroom.local.supervisor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/**
 * The warm-up: asks the running system for an image as any caller does, so that the second one
 * comes fast.
 */
public final class FirstImage {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final String REQUEST =
      """
      {"version": "darkroom/starter", "input": {"prompt": "a red apple", "seed": 1}}""";

  private static final Duration POLL = Duration.ofMillis(100);
  private static final int UNAVAILABLE = 503;

  private final HttpClient http;
  private final RunFile system;
  private final Instant deadline;

  private FirstImage(HttpClient http, RunFile system, Instant deadline) {
    this.http = http;
    this.system = system;
    this.deadline = deadline;
  }

  /**
   * Generates an image and saves it.
   *
   * @param file where the image goes
   * @return how long it took, from the first request to the file
   * @throws SupervisorException when the job does not succeed, with its error
   */
  public static Duration make(RunFile system, Path file) throws IOException, InterruptedException {
    Instant began = Instant.now();
    // Version 2 would have to be agreed on first, by code that neither side has warm.
    try (var http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      var caller = new FirstImage(http, system, began.plus(LIMIT));
      JsonNode prediction = caller.awaitEnd(caller.post());
      String status = prediction.path("status").asText();
      if (!"succeeded".equals(status)) {
        throw new SupervisorException(
            "the first image: expected status succeeded, got %s (%s)"
                .formatted(status, prediction.path("error").asText("no error given")));
      }
      URI image = URI.create(prediction.path("output").path(0).asText());
      byte[] bytes =
          http.send(HttpRequest.newBuilder(image).build(), BodyHandlers.ofByteArray()).body();
      Files.write(file, bytes);
      return Duration.between(began, Instant.now());
    }
  }

  private JsonNode post() throws IOException, InterruptedException {
    var request =
        request("/v1/predictions")
            .header("Content-Type", "application/json")
            // One long answer: polling would take the cores from the image that is asked for.
            .header("Prefer", "wait=60")
            .POST(HttpRequest.BodyPublishers.ofString(REQUEST))
            .build();
    var response = http.send(request, BodyHandlers.ofString());
    // On a fresh folder the starter is still being imported.
    while (response.statusCode() == UNAVAILABLE && Instant.now().isBefore(deadline)) {
      Thread.sleep(POLL);
      response = http.send(request, BodyHandlers.ofString());
    }
    return json(response);
  }

  private JsonNode awaitEnd(JsonNode accepted) throws IOException, InterruptedException {
    JsonNode prediction = accepted;
    var request = request("/v1/predictions/" + accepted.path("id").asText()).build();
    while (!isEnded(prediction) && Instant.now().isBefore(deadline)) {
      Thread.sleep(POLL);
      prediction = json(http.send(request, BodyHandlers.ofString()));
    }
    return prediction;
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(system.url() + path))
        .header("Authorization", "Bearer " + system.token());
  }

  private static boolean isEnded(JsonNode prediction) {
    return switch (prediction.path("status").asText()) {
      case "starting", "processing" -> false;
      default -> true;
    };
  }

  private static JsonNode json(HttpResponse<String> response) throws IOException {
    if (response.statusCode() / 100 != 2) {
      throw new SupervisorException(
          "the first image: the gateway answered %d: %s"
              .formatted(response.statusCode(), response.body()));
    }
    return new ObjectMapper().readTree(response.body());
  }
}
