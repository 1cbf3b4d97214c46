package dev.darkroom.jobs.objects;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.Sha256;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store that answers 503, cuts bodies short, or is not there. */
class ObjectStoreFaultTest {
  private static final byte[] BYTES = "0123456789".getBytes(StandardCharsets.UTF_8);

  @TempDir Path folder;
  private final AtomicInteger requests = new AtomicInteger();
  private HttpServer server;

  /** Answers request number n, from 1. */
  private interface Answer {
    void give(HttpExchange exchange, int number) throws IOException;
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.stop(0);
    }
  }

  @Test
  void triesAgainAfterA503() throws IOException {
    ObjectStore store =
        store(
            (exchange, number) -> {
              if (number <= 2) {
                exchange.sendResponseHeaders(503, -1);
              } else {
                whole(exchange);
              }
            });
    assertArrayEquals(BYTES, store.get("a", Sha256.of(BYTES), 100));
  }

  @Test
  void givesUpOnAStoreThatStaysAwayAfterABoundedNumberOfAttempts() throws IOException {
    ObjectStore store = store((exchange, number) -> exchange.sendResponseHeaders(503, -1));
    DarkroomException e = assertThrows(DarkroomException.class, () -> store.get("a", 100));
    assertEquals(ErrorCode.STORAGE_UNAVAILABLE, e.code());
    assertTrue(requests.get() <= 40, requests + " requests");
  }

  @Test
  void neverTakesABodyThatWasCutShort() throws IOException {
    ObjectStore store =
        store(
            (exchange, number) -> {
              exchange.sendResponseHeaders(200, BYTES.length);
              exchange.getResponseBody().write(BYTES, 0, 4);
              exchange.getResponseBody().flush();
            });
    Path target = folder.resolve("a");
    DarkroomException e =
        assertThrows(
            DarkroomException.class,
            () -> store.download("a", Sha256.of(BYTES), BYTES.length, target));
    assertEquals(ErrorCode.CORRUPT_OBJECT, e.code());
    assertFalse(Files.exists(target));
    assertThrows(DarkroomException.class, () -> store.get("a", 100));
  }

  @Test
  void recoversFromOneDamagedBody() throws IOException {
    ObjectStore store =
        store(
            (exchange, number) -> {
              if (number == 1) {
                exchange.sendResponseHeaders(200, BYTES.length);
                exchange.getResponseBody().write(new byte[BYTES.length]);
              } else {
                whole(exchange);
              }
            });
    Path target = folder.resolve("a");
    store.download("a", Sha256.of(BYTES), BYTES.length, target);
    assertArrayEquals(BYTES, Files.readAllBytes(target));
  }

  @Test
  void saysThatNobodyListens() {
    ObjectStore store = at(URI.create("http://127.0.0.1:1"));
    DarkroomException e =
        assertThrows(DarkroomException.class, () -> store.put("a", BYTES, "text/plain"));
    assertEquals(ErrorCode.STORAGE_UNAVAILABLE, e.code());
  }

  private static void whole(HttpExchange exchange) throws IOException {
    exchange.sendResponseHeaders(200, BYTES.length);
    exchange.getResponseBody().write(BYTES);
  }

  private ObjectStore store(Answer answer) throws IOException {
    server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            answer.give(exchange, requests.incrementAndGet());
          }
        });
    server.start();
    return at(URI.create("http://127.0.0.1:" + server.getAddress().getPort()));
  }

  private static ObjectStore at(URI endpoint) {
    return new ObjectStore(
        new ObjectStoreConfig(endpoint, endpoint, "key", "secret-key", "darkroom", "us-east-1"));
  }
}
