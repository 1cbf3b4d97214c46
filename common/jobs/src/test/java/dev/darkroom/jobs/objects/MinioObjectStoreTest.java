package dev.darkroom.jobs.objects;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** A real MinIO server, where there is one. */
class MinioObjectStoreTest extends ObjectStoreConformance {
  private static final String USER = "darkroom-tests";
  private static final String SECRET = "secret-of-this-test-jvm";

  @TempDir static Path data;
  private static Process server;
  private static int port;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    Optional<Path> binary = binary();
    assumeTrue(
        binary.isPresent(),
        "skipped: no MinIO server; set DARKROOM_TEST_MINIO, or put minio on the PATH"
            + " (go install github.com/minio/minio@latest)");
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    ProcessBuilder builder =
        new ProcessBuilder(
            binary.get().toString(),
            "server",
            data.toString(),
            "--address",
            "127.0.0.1:" + port,
            "--quiet");
    builder.environment().putAll(Map.of("MINIO_ROOT_USER", USER, "MINIO_ROOT_PASSWORD", SECRET));
    server =
        builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    try (HttpClient client = HttpClient.newHttpClient()) {
      while (!takesRequests(client)) {
        assertTrue(server.isAlive() && System.nanoTime() < deadline, "MinIO starts");
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      }
    }
  }

  @AfterAll
  static void stop() throws InterruptedException {
    if (server != null) {
      server.destroy();
      assertTrue(server.waitFor(20, TimeUnit.SECONDS));
    }
  }

  @Override
  ObjectStoreConfig config() {
    URI endpoint = URI.create("http://127.0.0.1:" + port);
    return new ObjectStoreConfig(endpoint, endpoint, USER, SECRET, "darkroom", "us-east-1");
  }

  /** It listens before it has read its disk and its users, and health/ready says 200 by then. */
  private static boolean takesRequests(HttpClient client) throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:%d/minio/health/cluster".formatted(port)))
            .timeout(Duration.ofSeconds(10))
            .build();
    try {
      return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  private static Optional<Path> binary() {
    Stream<String> named = Stream.ofNullable(System.getenv("DARKROOM_TEST_MINIO"));
    Stream<String> onPath =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .map(folder -> folder + "/minio");
    String goPath = System.getenv().getOrDefault("GOPATH", System.getProperty("user.home") + "/go");
    return Stream.concat(Stream.concat(named, onPath), Stream.of(goPath + "/bin/minio"))
        .map(Path::of)
        .filter(Files::isExecutable)
        .filter(Files::isRegularFile)
        .findFirst();
  }
}
