package dev.darkroom.gateway.wiring;

import dev.darkroom.gateway.dispatch.Dispatcher;
import dev.darkroom.gateway.dispatch.Window;
import dev.darkroom.gateway.expiry.Deadlines;
import dev.darkroom.gateway.expiry.Expiry;
import dev.darkroom.gateway.live.LiveJobs;
import dev.darkroom.gateway.net.GuardedHttp;
import dev.darkroom.gateway.periodic.Periodic;
import dev.darkroom.gateway.rest.Cancel;
import dev.darkroom.gateway.starter.StarterImport;
import dev.darkroom.gateway.webhook.LogWebhooks;
import dev.darkroom.gateway.webhook.WebhookBody;
import dev.darkroom.gateway.webhook.WebhookDeliverer;
import dev.darkroom.gateway.wire.JobView;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.message.Control;
import dev.darkroom.jobs.message.Event;
import dev.darkroom.jobs.objects.ModelFiles;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.queue.Broadcast;
import dev.darkroom.jobs.queue.Publisher;
import dev.darkroom.jobs.queue.Topics;
import dev.darkroom.jobs.store.FileStore;
import dev.darkroom.jobs.store.JobStore;
import dev.darkroom.jobs.store.ModelRegistry;
import dev.darkroom.jobs.store.Outbox;
import dev.darkroom.jobs.store.Signals;
import dev.darkroom.jobs.store.TokenStore;
import dev.darkroom.jobs.store.WebhookStore;
import dev.darkroom.jobs.store.WorkerStore;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * What runs beside the requests: the dispatcher, the webhook deliverer, the events from Kafka, the
 * first tenant's token and model. None of it holds up the start; Kafka and the object store may
 * come later.
 */
@Singleton
final class Background {
  private static final Logger LOG = Logger.getLogger(Background.class);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final GatewayConfig config;
  private final Publisher publisher;
  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private final CountDownLatch stopping = new CountDownLatch(1);
  private volatile Optional<StarterImport> starter = Optional.empty();

  Background(GatewayConfig config) {
    this.config = config;
    publisher = new Publisher(config.kafkaBootstrapServers());
    running.push(publisher);
  }

  void start(
      @Observes StartupEvent event,
      DataSource source,
      JobStore jobs,
      Outbox outbox,
      WorkerStore workers,
      WebhookStore webhooks,
      TokenStore tokens,
      ModelRegistry registry,
      FileStore files,
      ObjectStore objects,
      LiveJobs live,
      JobView view,
      Clock clock,
      MeterRegistry metrics) {
    config
        .bootstrapToken()
        .ifPresent(token -> tokens.add(token, Gateway.FIRST_TENANT, "bootstrap"));
    LogWebhooks logs = started(new LogWebhooks(jobs, webhooks));
    Consumer<Event> listener =
        heard -> {
          live.hear(heard);
          logs.hear(heard);
        };
    Thread.ofVirtual().name("darkroom-topics").start(() -> listenOnceThereAreTopics(listener));
    Dispatcher dispatcher =
        started(
            new Dispatcher(
                outbox,
                workers,
                publisher,
                config.pool(),
                new Window(config.windowWithoutWorkers(), config.windowPerSlot()),
                Crashpoint.configured(),
                metrics));
    WebhookDeliverer deliverer =
        started(
            new WebhookDeliverer(
                webhooks,
                jobs,
                new WebhookBody(view),
                GuardedHttp.client(config.privateAddresses(), WebhookDeliverer.TIMEOUT),
                clock,
                metrics));
    started(
        new Signals(
            source,
            Map.of(
                Signals.JOBS, pool -> dispatcher.wake(),
                Signals.WEBHOOKS, nothing -> deliverer.wake())));
    starter =
        config
            .starterPath()
            .map(
                folder ->
                    started(
                        new StarterImport(
                            folder, Gateway.FIRST_TENANT, new ModelFiles(objects), registry)));
    Expiry expiry = new Expiry(jobs, files, workers, objects, config.jobRetention());
    started(new Periodic("expiry", Expiry.EVERY, expiry::sweep));
    Cancel cancel = new Cancel(jobs, live, this::tellWorkersToCancel);
    Deadlines deadlines = new Deadlines(jobs, cancel::cancel);
    started(new Periodic("deadlines", Deadlines.EVERY, deadlines::enforce));
    started(new QueueMetrics(outbox, config.pool(), metrics));
  }

  /** Makes the topics once Kafka is there, then listens: a listener of no topic waits in vain. */
  private void listenOnceThereAreTopics(Consumer<Event> listener) {
    boolean told = false;
    while (true) {
      try (Topics topics = new Topics(config.kafkaBootstrapServers())) {
        topics.create(config.pool());
        synchronized (running) {
          if (stopping.getCount() > 0) {
            running.push(Broadcast.events(config.kafkaBootstrapServers(), listener));
          }
        }
        return;
      } catch (DarkroomException e) {
        if (!told) {
          LOG.warnf("Kafka has no topics yet: %s", e.getMessage());
          told = true;
        }
      }
      try {
        if (stopping.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
          return;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /** Whether darkroom/starter may be missing only because it is still on its way. */
  boolean isStarterOnItsWay() {
    return starter.map(StarterImport::isRunning).orElse(false);
  }

  /**
   * Tells the workers to end a job; one that does not hear it learns it from its next heartbeat.
   */
  void tellWorkersToCancel(JobId job) {
    publisher
        .control(new Control.CancelRequested(job))
        .exceptionally(
            failure -> {
              LOG.infof("The workers learn of the end of job %s by their heartbeat", job);
              return null;
            });
  }

  private <T extends AutoCloseable> T started(T service) {
    synchronized (running) {
      running.push(service);
    }
    return service;
  }

  void stop(@Observes ShutdownEvent event) {
    stopping.countDown();
    synchronized (running) {
      while (!running.isEmpty()) {
        try {
          running.pop().close();
        } catch (Exception e) {
          LOG.warn("A part of the gateway did not stop cleanly", e);
        }
      }
    }
  }
}
