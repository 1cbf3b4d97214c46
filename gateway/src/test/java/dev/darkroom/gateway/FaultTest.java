package dev.darkroom.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.jobs.objects.ObjectStore;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import javax.sql.DataSource;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a caller sees while a part is down, and that all heals without a hand. */
@QuarkusTest
@TestProfile(FaultTest.OwnServices.class)
@WithTestResource(BreakableServices.class)
class FaultTest {
  private static final String APPLE =
      "{\"version\":\"darkroom/starter\",\"input\":{\"prompt\":\"a red apple\"}}";

  @ConfigProperty(name = "darkroom.public-url")
  String url;

  @ConfigProperty(name = "darkroom.kafka-bootstrap-servers")
  String bootstrapServers;

  @Inject DataSource source;
  @Inject ObjectStore objects;

  BreakableServices services;
  private Api api;

  /** A gateway of its own, so that what breaks here breaks nothing else. */
  public static final class OwnServices implements QuarkusTestProfile {}

  @BeforeEach
  void awaitStarter() {
    api = new Api(url, GatewayServices.TOKEN);
    api.until("/v1/models/darkroom/starter", answer -> answer.status() == 200);
  }

  @Test
  void postWhilePostgresIsDownIsRefusedWithARetryAfterAndWorksAgainAfterwards() {
    JsonNode before = api.predict("{\"prompt\":\"before the fault\"}");
    services.stopPostgres();
    Api.Answer refused = api.post("/v1/predictions", APPLE);
    assertEquals(503, refused.status(), refused.text());
    assertEquals("application/problem+json", refused.type().split(";")[0]);
    assertTrue(refused.headers().firstValue("Retry-After").isPresent());
    assertEquals(503, api.get("/q/health/ready").status());
    services.startPostgres();
    Eventually.get(() -> api.post("/v1/predictions", APPLE), answer -> answer.status() == 201);
    assertEquals(200, api.get(before.at("/urls/get").textValue()).status());
    try (TestWorker worker = new TestWorker(bootstrapServers, source, objects)) {
      assertEquals("succeeded", end(before).get("status").textValue());
    }
  }

  @Test
  void postWhileKafkaIsDownIsAcceptedAndRunsOnceItIsBack() {
    services.stopKafka();
    JsonNode accepted = api.predict("{\"prompt\":\"kafka is down\"}");
    assertEquals("starting", accepted.get("status").textValue());
    services.startKafka();
    try (TestWorker worker = new TestWorker(bootstrapServers, source, objects)) {
      assertEquals("succeeded", end(accepted).get("status").textValue());
    }
  }

  @Test
  void uploadWhileTheStoreIsDownIsRefusedWithARetryAfterAndWorksAgainAfterwards() {
    services.stopS3();
    Api.Answer refused = upload("Some client");
    assertEquals(503, refused.status(), refused.text());
    assertEquals("application/problem+json", refused.type().split(";")[0]);
    assertTrue(refused.headers().firstValue("Retry-After").isPresent());
    // This client would take a 5xx as leave to send the file inline, which breaks elsewhere.
    Api.Answer told = upload("replicate-javascript/1.4.0");
    assertEquals(429, told.status(), told.text());
    assertTrue(told.headers().firstValue("Retry-After").isPresent());
    api.predict("{\"prompt\":\"needs no store to be accepted\"}");
    services.startS3();
    Eventually.get(() -> upload("Some client"), answer -> answer.status() == 201);
  }

  private Api.Answer upload(String client) {
    return api.post(
        "/v1/files",
        "--b\r\nContent-Disposition: form-data; name=\"content\"; filename=\"a.txt\"\r\n\r\nx\r\n--b--\r\n",
        "Content-Type",
        "multipart/form-data; boundary=b",
        "User-Agent",
        client);
  }

  private JsonNode end(JsonNode prediction) {
    return api.until(
            prediction.at("/urls/get").textValue(),
            a -> a.status() == 200 && a.json().get("completed_at").isTextual())
        .json();
  }
}
