package dev.darkroom.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/** Takes every webhook and remembers it. */
final class WebhookReceiver implements AutoCloseable {
  /** One delivery: the id that repeats of it share, and the job it tells of. */
  record Delivery(String webhookId, JsonNode job) {}

  private final List<Delivery> deliveries = new CopyOnWriteArrayList<>();
  private final HttpServer server;

  WebhookReceiver() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          JsonNode job = Api.JSON.readTree(exchange.getRequestBody().readAllBytes());
          deliveries.add(new Delivery(exchange.getRequestHeaders().getFirst("webhook-id"), job));
          exchange.sendResponseHeaders(204, -1);
          exchange.close();
        });
    server.start();
  }

  String url() {
    return "http://127.0.0.1:%d/hook".formatted(server.getAddress().getPort());
  }

  /** The distinct ids of what was delivered for a job. */
  Set<String> ids(String job) {
    return deliveries.stream()
        .filter(delivery -> delivery.job().path("id").asText().equals(job))
        .map(Delivery::webhookId)
        .collect(Collectors.toSet());
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
