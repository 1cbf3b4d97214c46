package dev.darkroom.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The gateway dies between the commit that releases a job and the record that carries it, and
 * between the record and the note that it was sent: the job is not lost, and ends once.
 */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(420)
class GatewayFaultTest {
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
  @ValueSource(strings = {"after-take", "after-publish"})
  void jobEndsOnceAfterTheGatewayDiedWhileItReleasedIt(String stage) throws Exception {
    String id = predictAndDie(stage);
    try (var worker = testbed.worker()) {
      assertEndsOnce(id);
      assertTrue(worker.isAlive());
    }
  }

  @Test
  void deadlineIsKeptByTheNextGateway() throws Exception {
    String id = predictAndDie("after-take", "Cancel-After", "10s");
    JsonNode ended = api.awaitEnd("/v1/predictions/" + id, PATIENCE);
    assertEquals("aborted", ended.path("status").asText(), ended.toString());
  }

  /** The id of a job that the next gateway has found, after the one that took it died. */
  private String predictAndDie(String stage, String... headers) throws Exception {
    ServiceProcess dying = testbed.restartGatewayThatDies(stage);
    ObjectNode input = job();
    String[] all = Arrays.copyOf(headers, headers.length + 2);
    all[headers.length] = "Idempotency-Key";
    all[headers.length + 1] = "key " + input.path("prompt").asText();
    Optional<String> answered = answer(input, all);
    dying.awaitCrash(PATIENCE);
    testbed.restartGateway();
    String id = api.predict(input, webhooks.url(), all).path("id").asText();
    assertEquals(answered.orElse(id), id);
    return id;
  }

  private Optional<String> answer(ObjectNode input, String... headers) throws Exception {
    try {
      return Optional.of(api.predict(input, webhooks.url(), headers).path("id").asText());
    } catch (IOException e) {
      // It died before its answer left: the caller asks again, as it would after any reset.
      return Optional.empty();
    }
  }

  private void assertEndsOnce(String id) throws Exception {
    JsonNode ended = api.awaitEnd("/v1/predictions/" + id, PATIENCE);
    assertEquals("succeeded", ended.path("status").asText(), ended.toString());
    assertEquals(1, ended.path("output").size(), ended.toString());
    assertTrue(api.download(ended.path("output").path(0).asText()).length > 0);
    assertEquals(1, testbed.storedOutputs(id).size(), testbed.storedOutputs(id).toString());
    Eventually.until("the webhook of " + id, PATIENCE, () -> !webhooks.ids(id).isEmpty());
    assertEquals(1, webhooks.ids(id).size());
  }

  private static ObjectNode job() {
    return Api.JSON
        .createObjectNode()
        .put("prompt", "apple " + System.nanoTime())
        .put("seed", 7)
        .put("num_inference_steps", 4);
  }
}
