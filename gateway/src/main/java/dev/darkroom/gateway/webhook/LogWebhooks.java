package dev.darkroom.gateway.webhook;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.message.Event;
import dev.darkroom.jobs.store.JobStore;
import dev.darkroom.jobs.store.WebhookEvent;
import dev.darkroom.jobs.store.WebhookStore;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jboss.logging.Logger;

/**
 * Queues the webhook {@code logs} of jobs that asked for it while they run, at most one in half a
 * second. The other events are queued by the transactions that give a reason for them.
 */
public final class LogWebhooks implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(LogWebhooks.class);
  private static final Duration INTERVAL = Duration.ofMillis(500);
  private static final int MAX_REMEMBERED = 4096;

  private final JobStore jobs;
  private final WebhookStore webhooks;
  private final ExecutorService work =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("darkroom-log-webhooks").factory());

  /** When a job's next call may be queued, by nanoTime; {@code Long.MAX_VALUE} if it wants none. */
  private final Map<JobId, Long> next =
      new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<JobId, Long> eldest) {
          return size() > MAX_REMEMBERED;
        }
      };

  public LogWebhooks(JobStore jobs, WebhookStore webhooks) {
    this.jobs = jobs;
    this.webhooks = webhooks;
  }

  /** Takes an event from Kafka; returns at once. */
  public void hear(Event event) {
    switch (event) {
      case Event.LogLine line -> told(line.jobId());
      case Event.Progress progress -> told(progress.jobId());
      case Event.StateChanged changed -> {}
      case Event.Preview preview -> {}
      case Event.Metric metric -> {}
      case Event.OutputReady ready -> {}
    }
  }

  private synchronized void told(JobId job) {
    long now = System.nanoTime();
    Long due = next.get(job);
    if (due != null && (due == Long.MAX_VALUE || now - due < 0)) {
      return;
    }
    next.put(job, now + INTERVAL.toNanos());
    boolean isKnown = due != null;
    work.execute(() -> queue(job, isKnown));
  }

  private void queue(JobId job, boolean isKnown) {
    try {
      if (isKnown || isWanted(job)) {
        webhooks.queue(job, WebhookEvent.LOGS, INTERVAL);
      } else {
        forget(job);
      }
    } catch (DarkroomException e) {
      LOG.debugf("The logs of job %s are told later: %s", job, e.getMessage());
    }
  }

  private boolean isWanted(JobId job) {
    return jobs.find(job)
        .flatMap(stored -> stored.webhook())
        .map(webhook -> webhook.events().contains(WebhookEvent.LOGS))
        .orElse(false);
  }

  private synchronized void forget(JobId job) {
    next.put(job, Long.MAX_VALUE);
  }

  @Override
  public void close() {
    work.shutdownNow();
  }
}
