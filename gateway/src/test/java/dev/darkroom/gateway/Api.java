package dev.darkroom.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.jobs.job.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.function.Predicate;

/** Calls the gateway under test over HTTP, as a client would. */
public final class Api {
  private static final HttpClient CLIENT =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();

  private final String base;
  private final String token;

  Api(String base, String token) {
    this.base = base;
    this.token = token;
  }

  /** An answer, its body as JSON where it is. */
  record Answer(int status, java.net.http.HttpHeaders headers, String text) {
    JsonNode json() {
      return Json.tree(text);
    }

    String type() {
      return headers.firstValue("Content-Type").orElse("");
    }
  }

  Answer get(String path, String... headers) {
    return call("GET", path, null, headers);
  }

  Answer post(String path, String body, String... headers) {
    return call("POST", path, body, headers);
  }

  Answer call(String method, String path, String body, String... headers) {
    HttpRequest.Builder request = request(path, headers);
    if (body != null && request.build().headers().firstValue("Content-Type").isEmpty()) {
      request.header("Content-Type", "application/json");
    }
    HttpRequest.BodyPublisher publisher =
        body == null
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.ofString(body);
    HttpResponse<String> response =
        send(request.method(method, publisher).build(), HttpResponse.BodyHandlers.ofString());
    return new Answer(response.statusCode(), response.headers(), response.body());
  }

  HttpResponse<InputStream> open(String path, String... headers) {
    return send(request(path, headers).build(), HttpResponse.BodyHandlers.ofInputStream());
  }

  private HttpRequest.Builder request(String path, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(path.startsWith("http") ? path : base + path))
            .timeout(Duration.ofSeconds(70));
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return request;
  }

  static <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler) {
    try {
      return CLIENT.send(request, handler);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Asks for a prediction of the starter; the JSON of the 201. */
  JsonNode predict(String input, String... headers) {
    Answer answer =
        post(
            "/v1/predictions",
            "{\"version\":\"darkroom/starter\",\"input\":%s}".formatted(input),
            headers);
    if (answer.status() != 201) {
      throw new AssertionError("expected 201, got " + answer.status() + " " + answer.text());
    }
    return answer.json();
  }

  /** Asks until the answer is as it should be. */
  Answer until(String path, Predicate<Answer> done) {
    return Eventually.get(() -> get(path), done);
  }
}
