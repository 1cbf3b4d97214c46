package dev.darkroom.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Workers die and freeze at every point of a job: it ends once, with one set of outputs and one
 * webhook id.
 */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(420)
class WorkerFaultTest {
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  private Testbed testbed;
  private Api api;
  private WebhookReceiver webhooks;

  @BeforeAll
  void open() throws Exception {
    testbed = new Testbed();
    api = testbed.api();
    webhooks = new WebhookReceiver();
  }

  @AfterAll
  void close() throws Exception {
    webhooks.close();
    api.close();
    testbed.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"delivered", "claimed", "ran", "committed"})
  void jobEndsOnceAfterItsWorkerDied(String point) throws Exception {
    try (var dying = testbed.workerThatDiesAt(point).awaitReady()) {
      String id = api.predict(shortJob(), webhooks.url()).path("id").asText();
      dying.awaitCrash(PATIENCE);
      try (var next = testbed.worker()) {
        assertEndsOnce(id, 2);
        assertTrue(next.isAlive());
      }
    }
  }

  @Test
  void jobEndsOnceAfterItsWorkerWasKilledBetweenTwoSteps() throws Exception {
    try (var killed = testbed.worker().awaitReady()) {
      String id = frozenMidStep(killed);
      killed.kill();
      assertEquals("processing", api.prediction(id).path("status").asText());
      try (var next = testbed.worker()) {
        assertEndsOnce(id, 1);
        assertTrue(next.isAlive());
      }
    }
  }

  @Test
  void frozenWorkerThatComesBackChangesNothing() throws Exception {
    try (var zombie = testbed.worker().awaitReady()) {
      String id = frozenMidStep(zombie);
      JsonNode ended;
      byte[] image;
      List<String> stored;
      try (var next = testbed.worker()) {
        ended = assertEndsOnce(id, 1);
        image = api.download(ended.path("output").path(0).asText());
        stored = testbed.storedOutputs(id);
        assertTrue(next.isAlive());
      }
      zombie.thaw();
      String after = api.predict(shortJob(), webhooks.url()).path("id").asText();
      assertEndsOnce(after, 2);
      // When it is gone, it is through with the job that it lost.
      zombie.close();

      JsonNode again = api.prediction(id);
      assertEquals(ended.path("status"), again.path("status"));
      assertEquals(ended.path("completed_at"), again.path("completed_at"));
      assertEquals(1, webhooks.ids(id).size());
      assertEquals(stored, testbed.storedOutputs(id));
      assertArrayEquals(image, api.download(again.path("output").path(0).asText()));
    }
  }

  @Test
  void jobThatKillsTwoWorkersEndsFailed() throws Exception {
    try (var first = testbed.workerThatDiesAt("claimed").awaitReady()) {
      String id = api.predict(shortJob(), webhooks.url()).path("id").asText();
      first.awaitCrash(PATIENCE);
      try (var second = testbed.workerThatDiesAt("claimed")) {
        second.awaitCrash(PATIENCE);
        try (var third = testbed.worker()) {
          JsonNode ended = api.awaitEnd("/v1/predictions/" + id, PATIENCE);
          assertEquals("failed", ended.path("status").asText(), ended.toString());
          assertTrue(ended.path("error").asText().contains("2"), ended.toString());
          assertOneWebhook(id);
          assertTrue(third.isAlive());
        }
      }
    }
  }

  /**
   * A job whose worker stands still between two of its steps. What the database has heard of may be
   * over by the time that it is read: only that of a frozen worker stays true.
   */
  private String frozenMidStep(ServiceProcess worker) throws Exception {
    for (int attempt = 0; attempt < 5; attempt++) {
      String id = api.predict(longJob(), webhooks.url()).path("id").asText();
      api.awaitMidStep(id, PATIENCE);
      worker.freeze();
      if (api.prediction(id).path("status").asText().equals("processing")) {
        return id;
      }
      worker.thaw();
    }
    throw new AssertionError("expected a long job to be caught before its end");
  }

  private JsonNode assertEndsOnce(String id, int images) throws Exception {
    JsonNode ended = api.awaitEnd("/v1/predictions/" + id, PATIENCE);
    assertEquals("succeeded", ended.path("status").asText(), ended.toString());
    assertEquals(images, ended.path("output").size(), ended.toString());
    for (JsonNode url : ended.path("output")) {
      assertTrue(api.download(url.asText()).length > 0);
    }
    assertOneWebhook(id);
    return ended;
  }

  private void assertOneWebhook(String id) throws Exception {
    Eventually.until("the webhook of " + id, PATIENCE, () -> !webhooks.ids(id).isEmpty());
    assertEquals(1, webhooks.ids(id).size());
  }

  private static ObjectNode shortJob() {
    return job(4).put("num_outputs", 2);
  }

  /** Some seconds on the tiny model. */
  private static ObjectNode longJob() {
    return job(600);
  }

  /** Another prompt each time: equal requests within a moment are one job. */
  private static ObjectNode job(int steps) {
    return Api.JSON
        .createObjectNode()
        .put("prompt", "apple " + System.nanoTime())
        .put("seed", 7)
        .put("num_inference_steps", steps);
  }
}
