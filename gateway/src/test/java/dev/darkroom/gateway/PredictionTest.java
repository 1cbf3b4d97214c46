package dev.darkroom.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.jobs.job.Json;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is asked, refused and told before any worker takes part. */
@QuarkusTest
@WithTestResource(GatewayServices.class)
class PredictionTest {
  @ConfigProperty(name = "darkroom.public-url")
  String url;

  @Inject DataSource source;

  private Api api;

  @BeforeEach
  void awaitStarter() {
    api = new Api(url, GatewayServices.TOKEN);
    api.until("/v1/models/darkroom/starter", answer -> answer.status() == 200);
  }

  @Test
  void predictionIsStoredAndAnsweredAtOnce() {
    Api.Answer created =
        api.post(
            "/v1/predictions",
            "{\"version\":\"darkroom/starter\",\"input\":{\"prompt\":\"a red apple\"}}");
    assertEquals(201, created.status(), created.text());
    JsonNode prediction = created.json();
    assertEquals("darkroom/starter", prediction.get("model").textValue());
    assertEquals(64, prediction.get("version").textValue().length());
    assertEquals("a red apple", prediction.at("/input/prompt").textValue());
    assertEquals(1, prediction.get("input").size());
    assertEquals("starting", prediction.get("status").textValue());
    assertEquals("api", prediction.get("source").textValue());
    assertTrue(prediction.get("output").isNull());
    assertTrue(prediction.get("error").isNull());
    assertTrue(prediction.get("started_at").isNull());
    String self = prediction.at("/urls/get").textValue();
    assertEquals(url + "/v1/predictions/" + prediction.get("id").textValue(), self);
    assertEquals(self + "/cancel", prediction.at("/urls/cancel").textValue());
    JsonNode read = api.get(self).json();
    assertEquals(prediction.get("created_at"), read.get("created_at"));
    assertEquals(prediction.get("input"), read.get("input"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"urls", "version", "model", "metrics", "data_removed", "logs"})
  void memberThatPythonsClientNeedsIsNeverNull(String member) {
    JsonNode prediction = api.predict("{\"prompt\":\"x\"}");
    assertFalse(prediction.path(member).isMissingNode() || prediction.get(member).isNull());
    for (JsonNode link : prediction.get("urls")) {
      assertTrue(link.isTextual());
    }
  }

  @Test
  void versionIsNamedInThreeWaysAndByItsModelsPath() {
    String id = api.get("/v1/models/darkroom/starter").json().at("/latest_version/id").textValue();
    for (String version : new String[] {"darkroom/starter", "darkroom/starter:" + id, id}) {
      Api.Answer created =
          api.post(
              "/v1/predictions",
              "{\"version\":\"%s\",\"input\":{\"prompt\":\"x\"}}".formatted(version));
      assertEquals(201, created.status(), created.text());
      assertEquals(id, created.json().get("version").textValue());
    }
    Api.Answer created =
        api.post("/v1/models/darkroom/starter/predictions", "{\"input\":{\"prompt\":\"x\"}}");
    assertEquals(201, created.status(), created.text());
  }

  @Test
  void requestWithoutAValidTokenIsAnsweredInReplicatesWords() {
    for (String token : new String[] {"", "r8_unknown"}) {
      Api.Answer refused = new Api(url, token).get("/v1/predictions");
      assertEquals(401, refused.status());
      assertEquals("application/problem+json", refused.type().split(";")[0]);
      assertEquals(
          "{\"title\":\"Unauthenticated\",\"detail\":\"You did not pass a valid authentication"
              + " token\",\"status\":401}",
          refused.text());
    }
  }

  @Test
  void legacyTokenSchemeIsAccepted() {
    Api plain = new Api(url, "");
    assertEquals(
        200, plain.get("/v1/account", "Authorization", "Token " + GatewayServices.TOKEN).status());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "{'version':'darkroom/nothing','input':{'prompt':'x'}};404",
        "{'version':'../../etc/passwd','input':{'prompt':'x'}};422",
        "{'version':'darkroom/..','input':{'prompt':'x'}};422",
        "{'version':'darkroom/starter:xyz','input':{'prompt':'x'}};422",
        "{'version':7,'input':{'prompt':'x'}};422",
        "{'input':{'prompt':'x'}};422",
        "{'version':'darkroom/starter'};422",
        "{'version':'darkroom/starter','input':[]};422",
        "{'version':'darkroom/starter','input':{}};422",
        "{'version':'darkroom/starter','input':{'prompt':7}};422",
        "{'version':'darkroom/starter','input':{'prompt':'x','width':100}};422",
        "{'version':'darkroom/starter','input':{'prompt':'x','width':100000}};422",
        "{'version':'darkroom/starter','input':{'prompt':'x','guidance_scale':NaN}};422",
        "{'version':'darkroom/starter','input':{'prompt':'x','guidance_scale':1e999}};422",
        "{'version':'darkroom/starter','input':{'prompt':'x','seed':-1}};422",
        "{'version':'darkroom/starter','input':{'prompt':'x','scheduler':'magic'}};422",
        "{'version':'darkroom/starter','input':{'prompt':'\\u0000'}};422",
        "{'version':'darkroom/starter','input':{'prompt':'\\ud800'}};422",
        "{'version':'darkroom/starter','input':{'prompt':'x'},'webhook':'http://10.0.0.1/'};422",
        "{'version':'darkroom/starter','input':{'prompt':'x'},'webhook':'nonsense'};422",
        "{'version':'darkroom/starter','input':{'prompt':'x'},'webhook':'http://e.x/','webhook_events_filter':['all']};422",
        "nonsense;422",
        "[];422"
      })
  void badRequestIsOneSentenceAndNothingIsStored(String body, int status) {
    int before = count();
    Api.Answer refused = api.post("/v1/predictions", body.replace('\'', '"'));
    assertEquals(status, refused.status(), refused.text());
    assertEquals("application/problem+json", refused.type().split(";")[0]);
    JsonNode problem = refused.json();
    assertEquals(status, problem.get("status").intValue());
    assertFalse(problem.get("detail").textValue().isBlank());
    assertFalse(problem.get("detail").textValue().contains("\n"), refused.text());
    assertFalse(problem.get("detail").textValue().contains("Exception"), refused.text());
    assertEquals(before, count());
  }

  @Test
  void megabytesAndNestingBombsAreRefusedBeforeTheyCostMemory() {
    String long1 = "{\"version\":\"darkroom/starter\",\"input\":{\"prompt\":\"%s\"}}";
    assertEquals(413, api.post("/v1/predictions", long1.formatted("x".repeat(3_000_000))).status());
    assertEquals(422, api.post("/v1/predictions", long1.formatted("x".repeat(900_000))).status());
    assertEquals(422, api.post("/v1/predictions", "{\"input\":" + "[".repeat(100_000)).status());
  }

  @Test
  void settingsOfTheJavaScriptClientAsInputAreRefusedAndNotRepeated() {
    Api.Answer refused =
        api.post(
            "/v1/predictions",
            "{\"version\":\"darkroom/starter\",\"input\":{\"auth\":\"r8_secret\","
                + "\"baseUrl\":\"http://x/v1\",\"fileEncodingStrategy\":\"data-uri\"}}");
    assertEquals(422, refused.status());
    assertFalse(refused.text().contains("r8_secret"), refused.text());
  }

  @Test
  void unknownPathAndMethodAreProblemsToo() {
    assertEquals(404, api.get("/v1/nothing").status());
    assertEquals("application/problem+json", api.get("/v1/nothing").type().split(";")[0]);
    assertEquals(404, api.get("/v1/predictions/../../etc/passwd").status());
    assertEquals(405, api.call("PATCH", "/v1/predictions", "{}").status());
  }

  @Test
  void predictionThatDoesNotExistIsNotFoundWhateverItsIdLooksLike() {
    for (String id : new String[] {"x", "00000000000000000000000000", "%00", "' OR 1=1"}) {
      String path = "/v1/predictions/" + id.replace(" ", "%20").replace("'", "%27");
      assertEquals(404, api.get(path).status(), id);
    }
  }

  @Test
  void canceledBeforeItRunsItIsCanceledAtOnceAndStays() {
    JsonNode prediction = api.predict("{\"prompt\":\"cancel me\"}");
    String cancel = prediction.at("/urls/cancel").textValue();
    // As the clients send it: a JSON content type over an empty body.
    Api.Answer canceled = api.post(cancel, "", "Content-Type", "application/json");
    assertEquals(200, canceled.status(), canceled.text());
    assertEquals("canceled", canceled.json().get("status").textValue());
    assertTrue(canceled.json().get("completed_at").isTextual());
    assertEquals("canceled", api.post(cancel, "").json().get("status").textValue());
  }

  @Test
  void cancelAfterIsShownAsTheDeadlineAndEndsAJobThatNobodyBegan() {
    JsonNode prediction = api.predict("{\"prompt\":\"nobody works\"}", "Cancel-After", "5s");
    Instant created = Instant.parse(prediction.get("created_at").textValue());
    assertEquals(created.plusSeconds(5), Instant.parse(prediction.get("deadline").textValue()));
    String self = prediction.at("/urls/get").textValue();
    JsonNode ended =
        api.until(self, a -> a.status() == 200 && a.json().get("completed_at").isTextual()).json();
    assertEquals("aborted", ended.get("status").textValue());
    Instant completed = Instant.parse(ended.get("completed_at").textValue());
    assertFalse(completed.isBefore(created.plusSeconds(5)), ended.toString());
    assertFalse(api.predict("{\"prompt\":\"no hurry\"}").has("deadline"));
  }

  @Test
  void canceledByItsOwnerBeforeItsDeadlineItIsNotAborted() {
    JsonNode prediction = api.predict("{\"prompt\":\"changed\"}", "Cancel-After", "1h");
    Api.Answer canceled = api.post(prediction.at("/urls/cancel").textValue(), "");
    assertEquals("canceled", canceled.json().get("status").textValue());
  }

  @Test
  void cancelAfterThatIsNoTimeIsRefused() {
    int before = count();
    Api.Answer refused =
        api.post(
            "/v1/predictions",
            "{\"version\":\"darkroom/starter\",\"input\":{\"prompt\":\"x\"}}",
            "Cancel-After",
            "soon");
    assertEquals(422, refused.status(), refused.text());
    assertTrue(refused.json().get("detail").textValue().startsWith("Cancel-After: expected"));
    assertEquals(before, count());
  }

  @Test
  void webpIsAnOutputFormat() {
    JsonNode prediction = api.predict("{\"prompt\":\"x\",\"output_format\":\"webp\"}");
    assertEquals("webp", prediction.at("/input/output_format").textValue());
  }

  @ParameterizedTest
  @CsvSource({"/v1/files,3000000000", "/v1/files,9000000000000000000", "/v1/predictions,3000000"})
  void bodyThatSaysItIsTooLargeIsRefusedInOneSentenceBeforeItComes(String path, long length)
      throws IOException {
    URI base = URI.create(url);
    try (Socket socket = new Socket(base.getHost(), base.getPort())) {
      socket.setSoTimeout(60_000);
      String head =
          "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n"
              .formatted(path, GatewayServices.TOKEN, length);
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      // A client that does not listen yet goes on sending; its answer must not be lost by that.
      socket.getOutputStream().write(new byte[200_000]);
      socket.getOutputStream().flush();
      BufferedReader answer =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      List<String> lines = new ArrayList<>();
      for (String line = answer.readLine(); !line.isEmpty(); line = answer.readLine()) {
        lines.add(line.toLowerCase(Locale.ROOT));
      }
      assertTrue(lines.getFirst().startsWith("http/1.1 413"), lines.toString());
      assertTrue(lines.contains("content-type: application/problem+json"), lines.toString());
      int size =
          lines.stream()
              .filter(line -> line.startsWith("content-length: "))
              .mapToInt(line -> Integer.parseInt(line.substring(16)))
              .findFirst()
              .orElseThrow();
      char[] body = new char[size];
      int read = 0;
      while (read < size) {
        int more = answer.read(body, read, size - read);
        assertTrue(more > 0, "the answer ended after " + read + " of " + size);
        read += more;
      }
      JsonNode problem = Json.tree(new String(body));
      assertEquals(413, problem.get("status").intValue());
      assertTrue(problem.get("detail").textValue().contains("got " + length), problem.toString());
    }
  }

  @Test
  void listIsNewestFirstInPagesOfAHundredWithAbsoluteLinks() {
    for (int i = 0; i < 103; i++) {
      api.predict("{\"prompt\":\"page %d\"}".formatted(i));
    }
    JsonNode first = api.get("/v1/predictions").json();
    assertEquals(100, first.get("results").size());
    assertEquals("page 102", first.at("/results/0/input/prompt").textValue());
    assertTrue(first.get("previous").isNull());
    String next = first.get("next").textValue();
    assertTrue(next.startsWith(url + "/v1/predictions?cursor="), next);
    JsonNode second = api.get(next).json();
    assertEquals("page 2", second.at("/results/0/input/prompt").textValue());
    JsonNode back = api.get(second.get("previous").textValue()).json();
    assertEquals(first.get("results"), back.get("results"));
    assertEquals(422, api.get("/v1/predictions?cursor=nonsense").status());
  }

  @Test
  void listCanBeCutByTime() {
    JsonNode prediction = api.predict("{\"prompt\":\"cut\"}");
    String at = prediction.get("created_at").textValue();
    Iterator<JsonNode> before =
        api.get("/v1/predictions?created_before=" + at).json().get("results").iterator();
    while (before.hasNext()) {
      assertNotEquals(prediction.get("id"), before.next().get("id"));
    }
    assertEquals(
        0,
        api.get("/v1/predictions?created_after=2999-01-01T00:00:00Z").json().get("results").size());
  }

  @Test
  void sameIdempotencyKeyIsTheSamePredictionAndAnotherBodyIsAConflict() {
    String body = "{\"version\":\"darkroom/starter\",\"input\":{\"prompt\":\"once\"}}";
    Api.Answer first = api.post("/v1/predictions", body, "Idempotency-Key", "key-1");
    Api.Answer again = api.post("/v1/predictions", body, "Idempotency-Key", "key-1");
    assertEquals(201, again.status());
    assertEquals(first.json().get("id"), again.json().get("id"));
    Api.Answer other =
        api.post("/v1/predictions", body.replace("once", "twice"), "Idempotency-Key", "key-1");
    assertEquals(422, other.status(), other.text());
  }

  @Test
  void equalPostsOverLivingConnectionsAreTwoPredictions() {
    JsonNode first = api.predict("{\"prompt\":\"equal\"}");
    JsonNode second = api.predict("{\"prompt\":\"equal\"}");
    assertNotEquals(first.get("id"), second.get("id"));
  }

  @Test
  void retryThatSaysSoJoinsTheFirst() {
    JsonNode first = api.predict("{\"prompt\":\"retried\"}", "x-stainless-retry-count", "0");
    JsonNode again = api.predict("{\"prompt\":\"retried\"}", "x-stainless-retry-count", "1");
    assertEquals(first.get("id"), again.get("id"));
  }

  @Test
  void waitThatEndsFirstIsAnsweredInTimeWithStarting() {
    assertAnsweredInTime(this::millisOfAWait);
  }

  /** What the store takes is part of the wait, as the caller counts. */
  @Test
  void waitThatEndsFirstIsAnsweredInTimeAlsoWhereTheStoreIsSlow() {
    assertAnsweredInTime(this::millisOfAWaitWhileTheStoreIsSlow);
  }

  /** A machine that is busy elsewhere may be late once; a gateway that is late is so each time. */
  private static void assertAnsweredInTime(LongSupplier millisOfAWait) {
    List<Long> tries = new ArrayList<>();
    do {
      tries.add(millisOfAWait.getAsLong());
      assertTrue(tries.getLast() > 4000, "answered after " + tries + " ms");
    } while (tries.getLast() >= 5000 && tries.size() < 3);
    assertTrue(tries.getLast() < 5000, "answered after " + tries + " ms");
  }

  private long millisOfAWaitWhileTheStoreIsSlow() {
    try (Connection connection = source.getConnection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("LOCK TABLE jobs IN EXCLUSIVE MODE");
      CompletableFuture<Void> freed =
          CompletableFuture.runAsync(
              () -> rollback(connection), CompletableFuture.delayedExecutor(2, TimeUnit.SECONDS));
      long millis = millisOfAWait();
      freed.join();
      return millis;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void rollback(Connection connection) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** How long a wait of five seconds takes for a job that nobody works on. */
  private long millisOfAWait() {
    long start = System.nanoTime();
    Api.Answer answer =
        api.post(
            "/v1/predictions",
            "{\"version\":\"darkroom/starter\",\"input\":{\"prompt\":\"nobody works\"}}",
            "Prefer",
            "wait=5");
    long millis = (System.nanoTime() - start) / 1_000_000;
    assertEquals(201, answer.status());
    assertEquals("starting", answer.json().get("status").textValue());
    assertEquals("wait=5", answer.headers().firstValue("Preference-Applied").orElse(""));
    return millis;
  }

  private int count() {
    return api.get("/v1/predictions").json().get("results").size();
  }
}
