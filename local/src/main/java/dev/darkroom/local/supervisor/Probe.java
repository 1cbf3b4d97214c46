package dev.darkroom.local.supervisor;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** Asks a health address whether a part is ready. */
public final class Probe implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();

  /** What a health address said. */
  public enum Health {
    /** It answered 200. */
    READY,
    /** It answered something else: the part is there and waits for another. */
    NOT_READY,
    /** Nothing answered. */
    UNREACHABLE
  }

  public Health ask(URI address) throws InterruptedException {
    try {
      var request = HttpRequest.newBuilder(address).timeout(PATIENCE).build();
      return http.send(request, BodyHandlers.discarding()).statusCode() == 200
          ? Health.READY
          : Health.NOT_READY;
    } catch (IOException e) {
      return Health.UNREACHABLE;
    }
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
