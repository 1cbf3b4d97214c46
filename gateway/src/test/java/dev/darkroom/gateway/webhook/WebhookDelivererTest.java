package dev.darkroom.gateway.webhook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.gateway.Eventually;
import dev.darkroom.gateway.Receiver;
import dev.darkroom.gateway.TestSite;
import dev.darkroom.gateway.auth.SignedUrls;
import dev.darkroom.gateway.net.GuardedHttp;
import dev.darkroom.gateway.net.PrivateAddresses;
import dev.darkroom.gateway.wire.JobView;
import dev.darkroom.gateway.wire.Links;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.store.Webhook;
import dev.darkroom.jobs.store.WebhookEvent;
import dev.darkroom.jobs.store.WebhookStore;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The whole schedule of a receiver that never takes it, three days in a moment. */
class WebhookDelivererTest {
  /** All but the first, of five seconds, which a slow machine may sleep through. */
  private static final List<Duration> WAITS =
      WebhookStore.SCHEDULE.subList(1, WebhookStore.SCHEDULE.size());

  private final TestSite site = new TestSite();
  private final WebhookStore webhooks = new WebhookStore(site.source);
  private final SteppedClock clock = new SteppedClock();

  @AfterEach
  void close() {
    site.close();
  }

  @Test
  void anEndpointThatNeverTakesItIsCalledOnScheduleUnderOneIdSignedAnewEachTime()
      throws IOException {
    try (Receiver receiver = Receiver.answering(500)) {
      assertCalledOnSchedule(endedJob(receiver));
      assertEquals(WAITS.size() + 1, receiver.calls.size());
      assertSignedAnew(receiver);
    }
  }

  private void assertCalledOnSchedule(JobId job) {
    try (WebhookDeliverer deliverer = deliverer()) {
      int calls = 0;
      for (Duration wait : WAITS) {
        int expected = ++calls;
        deliverer.wake();
        Eventually.get(() -> recorded(job), seen -> seen == expected);
        double left = Double.parseDouble(delivery(job, "extract(epoch FROM next_at - now())"));
        assertTrue(
            left <= wait.toSeconds() && left > wait.toSeconds() - 240,
            "after call %d: %s s".formatted(calls, left));
        assertEquals("pending", delivery(job, "state"));
        clock.step(wait);
        site.execute(
            "UPDATE webhook_deliveries SET next_at = next_at - interval '%d s'"
                .formatted(wait.toSeconds()));
      }
      deliverer.wake();
      Eventually.get(() -> delivery(job, "state"), "failed"::equals);
    }
  }

  @Test
  void anEndpointThatRecoversIsNotCalledAgain() throws IOException {
    try (Receiver receiver =
        new Receiver((exchange, call) -> exchange.sendResponseHeaders(call < 3 ? 503 : 204, -1))) {
      assertDeliveredAtTheThirdCall(endedJob(receiver));
      assertEquals(3, receiver.calls.size());
    }
  }

  private void assertDeliveredAtTheThirdCall(JobId job) {
    try (WebhookDeliverer deliverer = deliverer()) {
      for (int attempt = 1; attempt <= 2; attempt++) {
        int calls = attempt;
        deliverer.wake();
        Eventually.get(() -> recorded(job), seen -> seen == calls);
        site.execute("UPDATE webhook_deliveries SET next_at = now() - interval '1 s'");
      }
      deliverer.wake();
      Eventually.get(() -> delivery(job, "state"), "delivered"::equals);
      assertEquals(3, recorded(job));
    }
  }

  private void assertSignedAnew(Receiver receiver) {
    WebhookSecret secret = new WebhookSecret(webhooks.secret("darkroom"));
    Instant expected = SteppedClock.START;
    for (int i = 0; i < receiver.calls.size(); i++) {
      Receiver.Call call = receiver.calls.get(i);
      assertEquals(receiver.calls.getFirst().header("webhook-id"), call.header("webhook-id"));
      assertEquals(
          Long.toString(expected.getEpochSecond()), call.header("webhook-timestamp"), "call " + i);
      byte[] body = call.body().getBytes(StandardCharsets.UTF_8);
      assertEquals(
          secret.sign(call.header("webhook-id"), expected, body), call.header("webhook-signature"));
      expected = i < WAITS.size() ? expected.plus(WAITS.get(i)) : expected;
    }
  }

  private WebhookDeliverer deliverer() {
    Links links =
        new Links(
            "http://127.0.0.1", new SignedUrls(() -> new byte[32], clock, Duration.ofHours(1)));
    return new WebhookDeliverer(
        webhooks,
        site.jobs,
        new WebhookBody(new JobView(links)),
        GuardedHttp.client(PrivateAddresses.LOOPBACK, WebhookDeliverer.TIMEOUT),
        clock,
        new SimpleMeterRegistry());
  }

  /** To be made before the deliverer, which would begin with the attempt that is skipped here. */
  private JobId endedJob(Receiver receiver) {
    JobId job =
        site.generation(
            Optional.of(new Webhook(receiver.url("/hook"), EnumSet.of(WebhookEvent.COMPLETED))));
    site.jobs.cancel(job);
    site.execute("UPDATE webhook_deliveries SET attempts = 1");
    return job;
  }

  private String delivery(JobId job, String column) {
    return site.ask("SELECT %s FROM webhook_deliveries WHERE job_id = '%s'".formatted(column, job));
  }

  /** Attempts whose outcome is stored. */
  private int recorded(JobId job) {
    return Integer.parseInt(
        site.ask(
            "SELECT count(*) FROM webhook_attempts WHERE delivery_id IN (SELECT id FROM webhook_deliveries WHERE job_id = '%s')"
                .formatted(job)));
  }

  /** Stands still between steps. */
  private static final class SteppedClock extends Clock {
    static final Instant START = Instant.parse("2026-01-31T12:00:00Z");
    private volatile Instant now = START;

    void step(Duration time) {
      now = now.plus(time);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      throw new UnsupportedOperationException("a stepped clock has one zone");
    }
  }
}
