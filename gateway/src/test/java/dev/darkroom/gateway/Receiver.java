package dev.darkroom.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.darkroom.jobs.job.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/** Somebody's webhook endpoint, on loopback. */
public final class Receiver implements AutoCloseable {
  /** How an endpoint answers. */
  public interface Answering {
    void answer(HttpExchange exchange, int call) throws IOException;
  }

  /** A call as it came in. */
  public record Call(String path, Map<String, List<String>> headers, String body) {
    public String header(String name) {
      return headers.get(name.substring(0, 1).toUpperCase() + name.substring(1)).getFirst();
    }

    public JsonNode json() {
      return Json.tree(body);
    }
  }

  public final List<Call> calls = new CopyOnWriteArrayList<>();
  private final HttpServer server;

  public Receiver(Answering answering) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/",
        exchange -> {
          String body =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          String path = exchange.getRequestURI().getPath();
          calls.add(new Call(path, Map.copyOf(exchange.getRequestHeaders()), body));
          answering.answer(exchange, calls.size());
          exchange.close();
        });
    server.start();
  }

  public static Receiver answering(int status) throws IOException {
    return new Receiver((exchange, call) -> exchange.sendResponseHeaders(status, -1));
  }

  public String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
