package dev.darkroom.gateway.webhook;

import dev.darkroom.gateway.net.BlockedAddressException;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.store.Delivery;
import dev.darkroom.jobs.store.Job;
import dev.darkroom.jobs.store.JobStore;
import dev.darkroom.jobs.store.WebhookStore;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import okhttp3.OkHttpClient;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Delivers due webhooks. Each is taken from Postgres for longer than an attempt can last; if this
 * process dies meanwhile, it becomes due again under the same id. Those of one job go out one after
 * the other, in their order.
 */
public final class WebhookDeliverer implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(WebhookDeliverer.class);

  /** How long a receiver may take; Standard Webhooks asks for 15 to 30 seconds. */
  public static final Duration TIMEOUT = Duration.ofSeconds(20);

  private static final int MAX_AT_ONCE = 32;
  private static final int MAX_EVENTS = 4;
  private static final Duration LEASE = TIMEOUT.multipliedBy(MAX_EVENTS + 2);
  private static final Duration POLL = Duration.ofSeconds(1);

  private final WebhookStore webhooks;
  private final JobStore jobs;
  private final WebhookBody bodies;
  private final WebhookCall calls;
  private final Semaphore wakes = new Semaphore(0);
  private final Semaphore free = new Semaphore(MAX_AT_ONCE);
  private final Map<String, WebhookSecret> secrets = new ConcurrentHashMap<>();
  private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
  private final Counter delivered;
  private final Counter failed;
  private final Thread thread;
  private volatile boolean closing;

  public WebhookDeliverer(
      WebhookStore webhooks,
      JobStore jobs,
      WebhookBody bodies,
      OkHttpClient http,
      Clock clock,
      MeterRegistry metrics) {
    this.webhooks = webhooks;
    this.jobs = jobs;
    this.bodies = bodies;
    calls = new WebhookCall(http, clock);
    delivered =
        Counter.builder("darkroom.webhooks.delivered")
            .description("Webhooks that their receivers took")
            .register(metrics);
    failed =
        Counter.builder("darkroom.webhooks.failed")
            .description("Attempts that failed")
            .register(metrics);
    thread = Thread.ofPlatform().name("darkroom-webhooks").daemon().start(this::run);
  }

  /** There may be something due. */
  public void wake() {
    wakes.release();
  }

  private void run() {
    try {
      while (!closing) {
        if (take() == 0 && wakes.tryAcquire(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
          wakes.drainPermits();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes what is due and there is room for, and starts to deliver it; how much that was. */
  private int take() throws InterruptedException {
    free.acquire();
    free.release();
    List<Delivery> due;
    try {
      due = webhooks.takeDue(free.availablePermits(), LEASE);
    } catch (DarkroomException e) {
      LOG.debugf("Webhooks wait: %s", e.getMessage());
      return 0;
    } catch (RuntimeException e) {
      // A defect: without this thread no webhook would ever be called again.
      LOG.error("The webhook deliverer failed and goes on", e);
      return 0;
    }
    Collection<List<Delivery>> byJob =
        due.stream()
            .sorted(Comparator.comparing(Delivery::event))
            .collect(
                Collectors.groupingBy(Delivery::jobId, LinkedHashMap::new, Collectors.toList()))
            .values();
    for (List<Delivery> ofJob : byJob) {
      free.acquire();
      workers.execute(
          () -> {
            try {
              ofJob.forEach(this::deliver);
            } finally {
              free.release();
            }
          });
    }
    return due.size();
  }

  private void deliver(Delivery delivery) {
    try {
      Optional<Job> job = jobs.find(delivery.jobId());
      if (job.isEmpty()) {
        webhooks.giveUp(delivery, null, "the job is gone");
      } else if (webhooks.isDisabled(delivery.tenant(), delivery.url())) {
        webhooks.giveUp(delivery, null, "the endpoint answered 410 before");
      } else {
        attempt(delivery, bodies.of(job.get(), delivery.event()));
      }
    } catch (DarkroomException e) {
      // Due again when the lease ends, under the same id.
      LOG.warnf("Webhook %s was not settled: %s", delivery.id(), e.getMessage());
    } catch (RuntimeException e) {
      LOG.errorf(e, "Webhook %s was not settled", delivery.id());
    }
  }

  private void attempt(Delivery delivery, byte[] body) {
    WebhookSecret secret =
        secrets.computeIfAbsent(
            delivery.tenant(), tenant -> new WebhookSecret(webhooks.secret(tenant)));
    try {
      WebhookCall.Answer answer = calls.post(delivery.url(), delivery.id(), body, secret);
      if (answer.isSuccess()) {
        webhooks.delivered(delivery, answer.status());
        delivered.increment();
      } else if (answer.isGone()) {
        webhooks.disable(delivery);
        failed.increment();
      } else {
        retry(delivery, answer.status(), "status " + answer.status(), answer.retryAfter());
      }
    } catch (BlockedAddressException | IllegalArgumentException e) {
      webhooks.giveUp(delivery, null, String.valueOf(e.getMessage()));
      failed.increment();
    } catch (IOException e) {
      retry(delivery, null, e.toString(), Optional.empty());
    }
  }

  private void retry(
      Delivery delivery, @Nullable Integer status, String error, Optional<Duration> retryAfter) {
    failed.increment();
    if (!webhooks.failed(delivery, status, error, retryAfter)) {
      LOG.warnf("Webhook %s was given up after its last attempt: %s", delivery.id(), error);
    }
  }

  @Override
  public void close() {
    closing = true;
    wake();
    thread.interrupt();
    // What is in flight becomes due again if it does not end by itself.
    workers.shutdownNow();
  }
}
