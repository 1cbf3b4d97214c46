package dev.darkroom.gateway;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.gateway.webhook.WebhookSecret;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.objects.ObjectStore;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import javax.sql.DataSource;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Jobs that run, with a real worker's pipeline behind real Kafka. */
@QuarkusTest
@WithTestResource(GatewayServices.class)
class JobLifecycleTest {
  @ConfigProperty(name = "darkroom.public-url")
  String url;

  @ConfigProperty(name = "darkroom.kafka-bootstrap-servers")
  String bootstrapServers;

  @Inject DataSource source;
  @Inject ObjectStore objects;

  private Api api;
  private TestWorker worker;

  @BeforeEach
  void startWorker() {
    api = new Api(url, GatewayServices.TOKEN);
    api.until("/v1/models/darkroom/starter", answer -> answer.status() == 200);
    worker = new TestWorker(bootstrapServers, source, objects);
  }

  @AfterEach
  void stopWorker() {
    worker.close();
  }

  @Test
  void predictionRunsAndItsOutputsCanBeFetchedWithAndWithoutTheToken() {
    JsonNode ended = end(api.predict("{\"prompt\":\"a red apple\",\"num_outputs\":2}"));
    assertEquals("succeeded", ended.get("status").textValue(), ended.toString());
    assertEquals(2, ended.get("output").size());
    assertTrue(ended.at("/metrics/predict_time").isNumber());
    assertTrue(ended.get("logs").textValue().startsWith("Using seed: "));
    for (JsonNode output : ended.get("output")) {
      HttpRequest plain = HttpRequest.newBuilder(URI.create(output.textValue())).build();
      HttpResponse<byte[]> image = Api.send(plain, HttpResponse.BodyHandlers.ofByteArray());
      assertEquals(200, image.statusCode());
      assertEquals("image/png", image.headers().firstValue("Content-Type").orElse(""));
      assertArrayEquals(TestWorker.PIXEL, image.body());
      assertEquals(200, api.get(output.textValue()).status());
      String forged = output.textValue().replaceFirst("/0\\.png|/1\\.png", "/7.png");
      assertEquals(401, api.get(forged).status());
    }
  }

  @Test
  void synchronousCallIsAnsweredWithTheEndAndUrls() {
    JsonNode ended = api.predict("{\"prompt\":\"wait for me\"}", "Prefer", "wait=30");
    assertEquals("succeeded", ended.get("status").textValue());
    assertTrue(ended.at("/output/0").textValue().startsWith(url + "/v1/files/signed/outputs/"));
  }

  @Test
  void synchronousCallOfAReplicateClientOverPlainHttpCarriesTheImages() {
    JsonNode ended =
        api.predict(
            "{\"prompt\":\"inline\"}", "Prefer", "wait=30", "User-Agent", "replicate-python/1.0");
    assertTrue(ended.at("/output/0").textValue().startsWith("data:image/png;base64,"));
  }

  @Test
  void failureIsOneSentenceInError() {
    JsonNode ended = api.predict("{\"prompt\":\"fail\"}", "Prefer", "wait=30");
    assertEquals("failed", ended.get("status").textValue());
    assertEquals("The job failed as it was asked to.", ended.get("error").textValue());
  }

  @Test
  void cancelEndsARunningPrediction() {
    JsonNode prediction = api.predict("{\"prompt\":\"hold\"}");
    String self = prediction.at("/urls/get").textValue();
    awaitProcessing(self);
    api.post(prediction.at("/urls/cancel").textValue(), "");
    assertEquals("canceled", end(prediction).get("status").textValue());
  }

  @Test
  void deadlineEndsARunningPrediction() {
    JsonNode prediction = api.predict("{\"prompt\":\"hold\"}", "Cancel-After", "1h");
    String self = prediction.at("/urls/get").textValue();
    awaitProcessing(self);
    try (var connection = source.getConnection();
        var pass = connection.prepareStatement("UPDATE jobs SET deadline = now() WHERE id = ?")) {
      pass.setString(1, prediction.get("id").textValue());
      assertEquals(1, pass.executeUpdate());
    } catch (java.sql.SQLException e) {
      throw new IllegalStateException(e);
    }
    assertEquals("canceled", end(prediction).get("status").textValue());
  }

  @Test
  void eventsTellStateProgressPreviewsAndTheEnd() throws IOException {
    JsonNode prediction = api.predict("{\"prompt\":\"slow and seen\"}");
    List<String> names = names(prediction.at("/urls/events").textValue());
    assertEquals("state", names.getFirst());
    for (String name : List.of("progress", "preview", "log", "output")) {
      assertTrue(names.contains(name), names.toString());
    }
    assertEquals("done", names.getLast());
  }

  @Test
  void lateViewIsShownTheCurrentStateFirst() throws IOException {
    JsonNode prediction = api.predict("{\"prompt\":\"hold for the late\"}");
    String events = prediction.at("/urls/events").textValue();
    List<String> early = new ArrayList<>();
    try (BufferedReader lines = lines(events)) {
      while (!early.contains("event:preview")) {
        early.add(lines.readLine());
      }
    }
    List<String> late = new ArrayList<>();
    try (BufferedReader lines = lines(events)) {
      while (!late.contains("event:preview")) {
        late.add(lines.readLine());
      }
    }
    assertTrue(late.stream().anyMatch(line -> line.contains("\"processing\"")), late.toString());
    api.post(prediction.at("/urls/cancel").textValue(), "");
  }

  @Test
  void streamSpeaksReplicatesFourEventsEachWithAnIdAndWorksWithAToken() throws IOException {
    JsonNode prediction = api.predict("{\"prompt\":\"slow stream\"}");
    String stream = prediction.at("/urls/stream").textValue();
    assertTrue(URI.create(stream).getPath().startsWith("/v1/files/"));
    List<String> lines = lines(stream).lines().filter(line -> !line.isEmpty()).toList();
    List<String> names =
        lines.stream()
            .filter(l -> l.startsWith("event:"))
            .map(l -> l.substring(6).strip())
            .toList();
    assertTrue(List.of("output", "logs", "error", "done").containsAll(names), names.toString());
    assertEquals("done", names.getLast());
    assertEquals(names.size(), lines.stream().filter(l -> l.startsWith("id:")).count());
    assertTrue(
        lines.stream().anyMatch(l -> l.matches("data: ?\\s*\\d+%\\s*\\|.+?\\|\\s*\\d+/\\d+.*")),
        lines.toString());
    assertEquals(401, api.get(stream.replace("signature=", "signature=x")).status());
  }

  @Test
  void webhookIsThePredictionSignedByTheSecretOfTheAccount() throws IOException {
    try (Receiver receiver = Receiver.answering(200)) {
      predictWith(receiver, "tell me", "[\"start\",\"output\",\"completed\"]");
      List<Receiver.Call> calls =
          Eventually.get(() -> List.copyOf(receiver.calls), seen -> seen.size() == 3);
      String secret = api.get("/v1/webhooks/default/secret").json().get("key").textValue();
      for (Receiver.Call call : calls) {
        Instant at = Instant.ofEpochSecond(Long.parseLong(call.header("webhook-timestamp")));
        String expected =
            new WebhookSecret(secret)
                .sign(call.header("webhook-id"), at, call.body().getBytes(StandardCharsets.UTF_8));
        assertEquals(expected, call.header("webhook-signature"));
        assertTrue(Math.abs(Instant.now().getEpochSecond() - at.getEpochSecond()) < 60);
      }
      // Calls of one moment run side by side, so they may arrive in any order.
      List<String> told = calls.stream().map(c -> c.json().get("status").textValue()).toList();
      assertTrue(told.containsAll(List.of("processing", "succeeded")), told::toString);
      assertEquals(3, calls.stream().map(c -> c.header("webhook-id")).distinct().count());
    }
  }

  @Test
  void webhookThatFailsIsCalledAgainUnderTheSameIdWithAFreshSignature() throws IOException {
    try (Receiver receiver =
        new Receiver((exchange, call) -> exchange.sendResponseHeaders(call == 1 ? 500 : 204, -1))) {
      predictWith(receiver, "tell me twice", "[\"completed\"]");
      List<Receiver.Call> calls =
          Eventually.get(() -> List.copyOf(receiver.calls), seen -> seen.size() == 2);
      assertEquals(calls.get(0).header("webhook-id"), calls.get(1).header("webhook-id"));
      assertEquals(withoutSignatures(calls.get(0)), withoutSignatures(calls.get(1)));
      assertNotEquals(
          calls.get(0).header("webhook-timestamp"), calls.get(1).header("webhook-timestamp"));
      assertNotEquals(
          calls.get(0).header("webhook-signature"), calls.get(1).header("webhook-signature"));
    }
  }

  @Test
  void redirectOfAWebhookIsAFailureAndIsNotFollowed() throws IOException {
    try (Receiver receiver =
        new Receiver(
            (exchange, call) -> {
              exchange.getResponseHeaders().set("Location", "/elsewhere");
              exchange.sendResponseHeaders(307, -1);
            })) {
      JsonNode prediction = predictWith(receiver, "move", "[\"completed\"]");
      assertEquals(
          "307 pending", Eventually.get(() -> firstAttempt(prediction), seen -> !seen.isEmpty()));
      assertTrue(receiver.calls.stream().allMatch(call -> call.path().equals("/hook")));
    }
  }

  @Test
  void endpointThatIsGoneIsNotCalledAgain() throws IOException {
    try (Receiver receiver = Receiver.answering(410)) {
      JsonNode first = predictWith(receiver, "gone", "[\"completed\"]");
      Eventually.get(() -> attempts(first), seen -> seen.equals("1 failed 410"));
      JsonNode second = predictWith(receiver, "still gone", "[\"completed\"]");
      Eventually.get(() -> attempts(second), seen -> seen.startsWith("1 failed"));
      assertEquals(1, receiver.calls.size());
    }
  }

  @Test
  void postsRepeatedAfterResetsAreOneJob() throws IOException {
    String body =
        "{\"version\":\"darkroom/starter\",\"input\":{\"prompt\":\"reset %d\"}}"
            .formatted(System.nanoTime());
    URI base = URI.create(url);
    byte[] request =
        ("POST /v1/predictions HTTP/1.1\r\nHost: x\r\nUser-Agent: replicate-javascript/1.4.0\r\n"
                + "Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
                + "Content-Length: %d\r\n\r\n%s")
            .formatted(GatewayServices.TOKEN, body.length(), body)
            .getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < 6; i++) {
      try (Socket socket = new Socket(base.getHost(), base.getPort())) {
        socket.getOutputStream().write(request);
        socket.getOutputStream().flush();
        // The first byte of the answer, so that the request was certainly seen, and then a reset.
        assertEquals('H', socket.getInputStream().read());
        socket.setSoLinger(true, 0);
      }
    }
    String prompt = Json.tree(body).at("/input/prompt").textValue();
    JsonNode results = api.get("/v1/predictions").json().get("results");
    assertEquals(
        1,
        StreamSupport.stream(results.spliterator(), false)
            .filter(p -> p.at("/input/prompt").textValue().equals(prompt))
            .count());
  }

  @Test
  void replicatesJavaScriptClientIsContent() throws IOException, InterruptedException {
    Path source = Path.of("src/test/node").toAbsolutePath();
    Path folder = Files.createTempDirectory("darkroom-node-");
    for (String file : List.of("package.json", "replicate.js")) {
      Files.copy(source.resolve(file), folder.resolve(file));
    }
    Path log = folder.resolve("npm.log");
    assumeTrue(isThere("npm") && isThere("node"), "skipped: npm and node are not on the PATH");
    int installed = run(folder, log, "npm", "install", "--no-audit", "--no-fund", "--silent");
    assumeTrue(installed == 0, "skipped: npm does not install replicate: " + Files.readString(log));
    Path told = folder.resolve("node.log");
    int exit = run(folder, told, "node", "replicate.js", url, GatewayServices.TOKEN);
    assertEquals(0, exit, Files.readString(told));
    assertFalse(Files.readString(told).isBlank());
  }

  private static boolean isThere(String program) {
    try {
      return new ProcessBuilder(program, "--version").start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static int run(Path folder, Path log, String... command)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return -1;
    }
    return process.exitValue();
  }

  private JsonNode predictWith(Receiver receiver, String prompt, String events) {
    Api.Answer created =
        api.post(
            "/v1/predictions",
            ("{\"version\":\"darkroom/starter\",\"input\":{\"prompt\":\"%s\"},"
                    + "\"webhook\":\"%s\",\"webhook_events_filter\":%s}")
                .formatted(prompt, receiver.url("/hook"), events));
    assertEquals(201, created.status(), created.text());
    return created.json();
  }

  /** The body without the queries of its signed URLs, which change on the hour. */
  private static String withoutSignatures(Receiver.Call call) {
    return call.body().replaceAll("\\?expires=\\d+&signature=[\\w-]+", "");
  }

  /** Attempts, state and last status of a job's one delivery. */
  private String attempts(JsonNode prediction) {
    return ask(
        prediction,
        """
        SELECT d.attempts || ' ' || d.state || ' ' || coalesce(max(a.status)::text, '')
          FROM webhook_deliveries d LEFT JOIN webhook_attempts a ON a.delivery_id = d.id
         WHERE d.job_id = ? GROUP BY d.id""");
  }

  /** Status of the first attempt at a job's one delivery, and the delivery's state. */
  private String firstAttempt(JsonNode prediction) {
    return ask(
        prediction,
        """
        SELECT coalesce(a.status::text, 'none') || ' ' || d.state
          FROM webhook_deliveries d JOIN webhook_attempts a ON a.delivery_id = d.id
         WHERE d.job_id = ? AND a.attempt = 1""");
  }

  private String ask(JsonNode prediction, String sql) {
    try (var connection = source.getConnection();
        var query = connection.prepareStatement(sql)) {
      query.setString(1, prediction.get("id").textValue());
      try (var row = query.executeQuery()) {
        return row.next() ? row.getString(1) : "";
      }
    } catch (java.sql.SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private JsonNode end(JsonNode prediction) {
    return api.until(
            prediction.at("/urls/get").textValue(),
            a -> a.status() == 200 && a.json().get("completed_at").isTextual())
        .json();
  }

  private void awaitProcessing(String self) {
    api.until(
        self, a -> a.status() == 200 && a.json().get("status").textValue().equals("processing"));
  }

  private List<String> names(String stream) throws IOException {
    try (BufferedReader lines = lines(stream)) {
      return lines
          .lines()
          .filter(line -> line.startsWith("event:"))
          .map(line -> line.substring("event:".length()).strip())
          .toList();
    }
  }

  private BufferedReader lines(String stream) {
    HttpResponse<InputStream> response = api.open(stream);
    assertEquals(200, response.statusCode());
    return new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
  }
}
