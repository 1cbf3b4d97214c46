package dev.darkroom.gateway.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import okhttp3.Dns;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuardedHttpTest {
  /** So long that a busy machine does not reach it where something else is tested. */
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final AtomicInteger calls = new AtomicInteger();
  private final CountDownLatch ended = new CountDownLatch(1);
  private HttpServer server;

  @BeforeEach
  void startServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/",
        exchange -> {
          calls.incrementAndGet();
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.createContext(
        "/moved",
        exchange -> {
          exchange.getResponseHeaders().set("Location", "/");
          exchange.sendResponseHeaders(302, -1);
          exchange.close();
        });
    server.createContext(
        "/drip",
        exchange -> {
          exchange.sendResponseHeaders(200, 1000);
          exchange.getResponseBody().write(1);
          exchange.getResponseBody().flush();
          try {
            ended.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    server.start();
  }

  @AfterEach
  void stopServer() {
    ended.countDown();
    server.stop(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "localhost"})
  void noSpellingOfLoopbackIsEverContacted(String host) {
    OkHttpClient client = GuardedHttp.client(PrivateAddresses.DENY, TIMEOUT);
    assertThrows(IOException.class, () -> get(client, host, "/"));
    assertEquals(0, calls.get());
  }

  @Test
  void nameThatIsReboundToLoopbackAfterItsFirstLookupIsNotContacted() throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    AtomicInteger lookups = new AtomicInteger();
    Dns rebinding =
        name ->
            List.of(lookups.getAndIncrement() == 0 ? InetAddress.getByName("192.0.2.1") : loopback);
    OkHttpClient client = GuardedHttp.client(PrivateAddresses.DENY, TIMEOUT, rebinding);
    for (int i = 0; i < 3; i++) {
      IOException refused =
          assertThrows(IOException.class, () -> get(client, "receiver.example", "/"));
      assertInstanceOf(BlockedAddressException.class, refused);
    }
    assertEquals(3, lookups.get());
    assertEquals(0, calls.get());
  }

  @Test
  void connectorAsksAgainEvenIfNameResolutionLetALoopbackAddressThrough() throws IOException {
    GuardedSocketFactory sockets = new GuardedSocketFactory(PrivateAddresses.DENY);
    InetSocketAddress target = server.getAddress();
    try (var socket = sockets.createSocket()) {
      assertThrows(BlockedAddressException.class, () -> socket.connect(target, 1000));
    }
  }

  @Test
  void loopbackIsReachedWhereTheSettingSaysSo() throws IOException {
    OkHttpClient client = GuardedHttp.client(PrivateAddresses.LOOPBACK, TIMEOUT);
    assertEquals(200, get(client, "127.0.0.1", "/"));
    assertEquals(1, calls.get());
  }

  @Test
  void redirectIsAnAnswerAndIsNotFollowed() throws IOException {
    OkHttpClient client = GuardedHttp.client(PrivateAddresses.LOOPBACK, TIMEOUT);
    assertEquals(302, get(client, "127.0.0.1", "/moved"));
    assertEquals(0, calls.get());
  }

  @Test
  void answerThatDripsEndsAtTheTimeout() {
    OkHttpClient client =
        GuardedHttp.client(PrivateAddresses.LOOPBACK, Duration.ofMillis(300), Dns.SYSTEM);
    Request request = new Request.Builder().url(url("127.0.0.1", "/drip")).build();
    assertThrows(
        InterruptedIOException.class,
        () -> {
          try (Response response = client.newCall(request).execute()) {
            response.body().bytes();
          }
        });
  }

  private int get(OkHttpClient client, String host, String path) throws IOException {
    Request request = new Request.Builder().url(url(host, path)).build();
    try (Response response = client.newCall(request).execute()) {
      return response.code();
    }
  }

  private String url(String host, String path) {
    return "http://%s:%d%s".formatted(host, server.getAddress().getPort(), path);
  }
}
