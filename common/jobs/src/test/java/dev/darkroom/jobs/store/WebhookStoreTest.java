package dev.darkroom.jobs.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.jobs.job.JobId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WebhookStoreTest {
  private static final Duration LEASE = Duration.ofSeconds(30);

  private TestDatabase database;

  @BeforeEach
  void create() {
    database = TestDatabase.create();
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void deliversOnceUnderOneId() {
    JobId id = canceled();
    Delivery delivery = due().getFirst();
    assertEquals("msg_" + id + "_completed", delivery.id());
    assertEquals(1, delivery.attempt());
    assertEquals(List.of(), due());
    database.webhooks.delivered(delivery, 200);
    makeDue();
    assertEquals(List.of(), due());
    assertEquals(1, database.count("SELECT count(*) FROM webhook_attempts WHERE status = 200"));
  }

  @Test
  void followsTheScheduleAndGivesUpAtItsEnd() {
    canceled();
    int attempt = 0;
    for (Duration wait : WebhookStore.SCHEDULE) {
      Delivery delivery = due().getFirst();
      attempt++;
      assertEquals(attempt, delivery.attempt());
      failsAndWaits(delivery, 500, Optional.empty(), wait);
      makeDue();
    }
    assertFalse(database.webhooks.failed(due().getFirst(), 500, "HTTP 500", Optional.empty()));
    assertEquals(
        1, database.count("SELECT count(*) FROM webhook_deliveries WHERE state = 'failed'"));
    assertEquals(10, database.count("SELECT count(*) FROM webhook_attempts"));
  }

  @Test
  void waitsAsLongAsTheReceiverAsks() {
    canceled();
    Duration asked = Duration.ofSeconds(90);
    failsAndWaits(due().getFirst(), 429, Optional.of(asked), asked);
  }

  @Test
  void comesBackWhenTheDelivererDies() {
    canceled();
    Delivery first = due().getFirst();
    makeDue();
    Delivery second = due().getFirst();
    assertEquals(first.id(), second.id());
    assertEquals(2, second.attempt());
    // The first deliverer was only slow: its word no longer counts.
    database.webhooks.giveUp(first, null, "late");
    assertEquals(
        1, database.count("SELECT count(*) FROM webhook_deliveries WHERE state = 'pending'"));
  }

  @Test
  void manyDeliverersTakeEachOnce() throws InterruptedException {
    for (int i = 0; i < 40; i++) {
      canceled();
    }
    Set<String> taken = ConcurrentHashMap.newKeySet();
    List<Thread> deliverers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      deliverers.add(
          Thread.ofVirtual()
              .start(
                  () -> {
                    for (Delivery d : database.webhooks.takeDue(20, LEASE)) {
                      assertTrue(taken.add(d.id()), d.id());
                    }
                  }));
    }
    for (Thread deliverer : deliverers) {
      deliverer.join();
    }
    due().forEach(d -> assertTrue(taken.add(d.id())));
    assertEquals(40, taken.size());
  }

  @Test
  void remembersAnEndpointThatIsGone() {
    canceled();
    Delivery delivery = due().getFirst();
    assertFalse(database.webhooks.isDisabled("default", delivery.url()));
    database.webhooks.disable(delivery);
    assertTrue(database.webhooks.isDisabled("default", delivery.url()));
    assertFalse(database.webhooks.isDisabled("another", delivery.url()));
  }

  @Test
  void replaysUnderTheSameId() {
    JobId id = canceled();
    Delivery delivery = due().getFirst();
    database.webhooks.delivered(delivery, 200);
    assertEquals(1, database.webhooks.replay(id));
    assertEquals(delivery.id(), due().getFirst().id());
  }

  @Test
  void keepsOneSecretATenant() {
    String secret = database.webhooks.secret("a");
    assertEquals(secret, database.webhooks.secret("a"));
    assertNotEquals(secret, database.webhooks.secret("b"));
    assertTrue(secret.startsWith("whsec_"));
    assertEquals(32, Base64.getDecoder().decode(secret.substring(6)).length);
  }

  /** The wait begins at a time between the two looks at the clock, however long they lie apart. */
  private void failsAndWaits(
      Delivery delivery, int status, Optional<Duration> asked, Duration wait) {
    long before = micros("SELECT clock_timestamp()");
    assertTrue(database.webhooks.failed(delivery, status, "HTTP " + status, asked));
    long after = micros("SELECT clock_timestamp()");
    long began =
        micros("SELECT next_at FROM webhook_deliveries")
            - TimeUnit.MILLISECONDS.toMicros(wait.toMillis());
    assertTrue(
        before <= began && began <= after,
        "%s from %d to %d, but began at %d".formatted(wait, before, after, began));
  }

  /** A time of the database. */
  private long micros(String query) {
    return database.count("SELECT (extract(epoch FROM (%s)) * 1000000)::bigint".formatted(query));
  }

  private JobId canceled() {
    JobId id = database.queued();
    database.jobs.cancel(id);
    return id;
  }

  private List<Delivery> due() {
    return database.webhooks.takeDue(100, LEASE);
  }

  private void makeDue() {
    database.execute("UPDATE webhook_deliveries SET next_at = now() - interval '1 s'");
  }
}
