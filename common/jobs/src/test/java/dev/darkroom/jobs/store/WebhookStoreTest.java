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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WebhookStoreTest {
  private static final Duration LEASE = Duration.ofSeconds(30);

  private TestDatabase database;

  @BeforeEach
  void create() {
    database = TestDatabase.create();
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
    List<Long> waits = new ArrayList<>();
    while (true) {
      Delivery delivery = due().getFirst();
      assertEquals(waits.size() + 1, delivery.attempt());
      if (!database.webhooks.failed(delivery, 500, "HTTP 500", Optional.empty())) {
        break;
      }
      waits.add(
          database.count(
              "SELECT round(extract(epoch FROM next_at - clock_timestamp())) FROM"
                  + " webhook_deliveries"));
      makeDue();
    }
    assertEquals(WebhookStore.SCHEDULE.stream().map(Duration::toSeconds).toList(), waits);
    assertEquals(
        1, database.count("SELECT count(*) FROM webhook_deliveries WHERE state = 'failed'"));
    assertEquals(10, database.count("SELECT count(*) FROM webhook_attempts"));
  }

  @Test
  void waitsAsLongAsTheReceiverAsks() {
    canceled();
    database.webhooks.failed(
        due().getFirst(), 429, "HTTP 429", Optional.of(Duration.ofSeconds(90)));
    long wait =
        database.count(
            "SELECT round(extract(epoch FROM next_at - clock_timestamp())) FROM"
                + " webhook_deliveries");
    assertTrue(wait >= 88 && wait <= 90, wait + " s");
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
