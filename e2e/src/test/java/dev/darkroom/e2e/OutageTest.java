package dev.darkroom.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/**
 * The gateway, Kafka and Postgres go away and come back: nothing accepted is lost, and nobody
 * restarts anything by hand.
 */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(420)
class OutageTest {
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  private Testbed testbed;
  private Api api;
  private ServiceProcess worker;

  @BeforeAll
  void open() throws Exception {
    testbed = new Testbed();
    api = testbed.api();
    worker = testbed.worker().awaitReady();
  }

  @AfterAll
  void close() throws Exception {
    worker.close();
    api.close();
    testbed.close();
  }

  @Test
  void jobThatWasCommittedAndNotPublishedWhenTheGatewayDiedRuns() throws Exception {
    testbed.stopKafka();
    String id = accept(4);
    testbed.gateway().kill();
    testbed.startKafka();
    testbed.restartGateway();
    assertSucceeds(id);
  }

  @Test
  void kafkaThatRestartsDelaysJobsAndLosesNone() throws Exception {
    List<String> ids = new ArrayList<>();
    ids.add(accept(300));
    api.awaitMidStep(ids.getFirst(), PATIENCE);
    testbed.stopKafka();
    ids.add(accept(4));
    testbed.startKafka();
    ids.add(accept(4));
    for (String id : ids) {
      assertSucceeds(id);
    }
  }

  @Test
  void withoutPostgresAPostIsRefusedForNowAndEverythingHeals() throws Exception {
    String running = accept(300);
    api.awaitMidStep(running, PATIENCE);
    testbed.killPostgres();
    HttpResponse<String> refused = api.post("/v1/predictions", request(4));
    assertEquals(503, refused.statusCode(), refused.body());
    assertTrue(
        refused
            .headers()
            .firstValue("content-type")
            .orElse("")
            .startsWith("application/problem+json"));
    assertTrue(
        refused.headers().firstValueAsLong("retry-after").orElse(0) > 0,
        refused.headers().toString());

    testbed.startPostgres();
    Eventually.until(
        "POST accepted again",
        PATIENCE,
        () -> api.post("/v1/predictions", request(4)).statusCode() == 201);
    assertSucceeds(running);
    assertSucceeds(accept(4));
    assertTrue(worker.isAlive());
  }

  private void assertSucceeds(String id) throws Exception {
    JsonNode ended = api.awaitEnd("/v1/predictions/" + id, PATIENCE);
    assertEquals("succeeded", ended.path("status").asText(), ended.toString());
    assertEquals(1, ended.path("output").size());
  }

  private String accept(int steps) throws Exception {
    return api.predict((ObjectNode) request(steps).path("input"), null).path("id").asText();
  }

  private static ObjectNode request(int steps) {
    ObjectNode body = Api.JSON.createObjectNode().put("version", "darkroom/starter");
    // Another prompt each time: equal requests within a moment are one job.
    body.putObject("input")
        .put("prompt", "apple " + System.nanoTime())
        .put("num_inference_steps", steps);
    return body;
  }
}
