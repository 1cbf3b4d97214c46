package dev.darkroom.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

/** The gateway as a caller with a token sees it. */
final class Api implements AutoCloseable {
  static final ObjectMapper JSON = new ObjectMapper();
  private static final String BOUNDARY = "darkroom-e2e-boundary";

  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private final String url;
  private final String token;

  Api(String url, String token) {
    this.url = url;
    this.token = token;
  }

  /** Asks for images of the starter model; answers the job as the 201 has it. */
  JsonNode predict(ObjectNode input, String webhook, String... headers) throws Exception {
    ObjectNode body = JSON.createObjectNode().put("version", "darkroom/starter");
    body.set("input", input);
    if (webhook != null) {
      body.put("webhook", webhook).putArray("webhook_events_filter").add("completed");
    }
    return json(post("/v1/predictions", body, headers), 201);
  }

  JsonNode get(String path) throws Exception {
    return json(send(request(path).GET()), 200);
  }

  JsonNode prediction(String id) throws Exception {
    return get("/v1/predictions/" + id);
  }

  HttpResponse<String> post(String path, JsonNode body, String... headers) throws Exception {
    HttpRequest.Builder request = request(path).header("Content-Type", "application/json");
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return send(request.POST(BodyPublishers.ofString(body.toString())));
  }

  /** Uploads a file and answers the URL that inputs name it by. */
  String upload(String name, String type, byte[] bytes) throws Exception {
    var form = new ByteArrayOutputStream();
    form.writeBytes(
        "--%s\r\nContent-Disposition: form-data; name=\"content\"; filename=\"%s\"\r\nContent-Type: %s\r\n\r\n"
            .formatted(BOUNDARY, name, type)
            .getBytes(StandardCharsets.UTF_8));
    form.writeBytes(bytes);
    form.writeBytes("\r\n--%s--\r\n".formatted(BOUNDARY).getBytes(StandardCharsets.UTF_8));
    BodyPublisher body = BodyPublishers.ofByteArray(form.toByteArray());
    var request =
        request("/v1/files")
            .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
            .POST(body);
    return json(send(request), 201).path("urls").path("get").asText();
  }

  /**
   * The bytes behind a URL that the gateway handed out, without the token: the URL alone must do.
   */
  byte[] download(String address) throws Exception {
    var response =
        http.send(HttpRequest.newBuilder(URI.create(address)).build(), BodyHandlers.ofByteArray());
    assertEquals(200, response.statusCode(), address);
    return response.body();
  }

  /** Waits until the gateway has imported the starter model, which it does beside its start. */
  Api awaitStarter(Duration limit) throws Exception {
    Eventually.until(
        "darkroom/starter with a version",
        limit,
        () -> send(request("/v1/models/darkroom/starter").GET()).statusCode() == 200);
    return this;
  }

  /** Waits until a job is at its end and answers it. */
  JsonNode awaitEnd(String path, Duration limit) throws Exception {
    var last = new AtomicReference<JsonNode>();
    try {
      Eventually.until(
          path + " at its end",
          limit,
          () -> {
            last.set(get(path));
            return switch (last.get().path("status").asText()) {
              case "starting", "processing" -> false;
              default -> true;
            };
          });
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + ", got " + last.get(), e);
    }
    return last.get();
  }

  /** Waits until a running prediction has taken some of its steps. */
  void awaitMidStep(String id, Duration limit) throws Exception {
    Eventually.until(
        id + " between its first and its last step",
        limit,
        () -> prediction(id).path("logs").asText().matches("(?s).*\\b[1-9]\\d*/\\d+.*"));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url + path))
        .timeout(Duration.ofSeconds(30))
        .header("Authorization", "Bearer " + token);
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return http.send(request.build(), BodyHandlers.ofString());
  }

  private static JsonNode json(HttpResponse<String> response, int status) throws Exception {
    assertEquals(status, response.statusCode(), response.request().uri() + ": " + response.body());
    return JSON.readTree(response.body());
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
