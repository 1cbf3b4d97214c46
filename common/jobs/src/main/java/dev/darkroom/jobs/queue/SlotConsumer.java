package dev.darkroom.jobs.queue;

import dev.darkroom.jobs.job.Acknowledgement;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.message.JobRequested;
import dev.darkroom.jobs.message.Topic;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One slot of a worker: takes one record, hands it on, and holds it by renewing its lock until it
 * is settled; only then it takes the next. Kafka's consumer answers a poll with renewals only while
 * something is held, so each slot has a consumer and a thread of its own, and the work runs on
 * another.
 */
public final class SlotConsumer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SlotConsumer.class);
  private static final Duration RENEW_EVERY = Topics.LOCK.dividedBy(3);
  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration COMMIT = Duration.ofSeconds(5);
  private static final Duration PAUSE = Duration.ofMillis(500);

  private final String topic;
  private final Map<String, Object> settings;
  private final Consumer<Delivery<JobRequested>> handler;
  private final CompletableFuture<Void> closing = new CompletableFuture<>();
  private final Thread thread;

  /**
   * Starts to take records.
   *
   * @param handler starts the work on another thread and returns; it settles the delivery in the
   *     end
   */
  public SlotConsumer(
      String bootstrapServers,
      JobKind kind,
      String pool,
      String name,
      Consumer<Delivery<JobRequested>> handler) {
    this.topic = Topic.jobs(kind, pool);
    this.handler = handler;
    settings =
        Map.of(
            ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
            bootstrapServers,
            ConsumerConfig.GROUP_ID_CONFIG,
            Topic.group(kind, pool),
            ConsumerConfig.CLIENT_ID_CONFIG,
            name,
            ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
            1,
            ConsumerConfig.SHARE_ACKNOWLEDGEMENT_MODE_CONFIG,
            "explicit",
            ConsumerConfig.SHARE_ACQUIRE_MODE_CONFIG,
            "record_limit",
            ConsumerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG,
            1000);
    thread = Thread.ofPlatform().name("slot-" + name).daemon().start(this::run);
  }

  private void run() {
    while (!closing.isDone()) {
      try (KafkaShareConsumer<String, byte[]> consumer =
          new KafkaShareConsumer<>(
              settings, new StringDeserializer(), new ByteArrayDeserializer())) {
        consumer.subscribe(List.of(topic));
        while (!closing.isDone()) {
          Optional<ConsumerRecord<String, byte[]>> record = poll(consumer, POLL);
          if (record.isPresent()) {
            take(consumer, record.get());
          }
        }
      } catch (KafkaException e) {
        if (!closing.isDone()) {
          LOG.warn("Consumer of {} failed and begins anew: {}", topic, e.toString());
          pause();
        }
      }
    }
  }

  private void pause() {
    try {
      closing.get(PAUSE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      LOG.debug("Consumer of {} goes on", topic);
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException("nobody interrupts a slot", e);
    }
  }

  private static Optional<ConsumerRecord<String, byte[]>> poll(
      KafkaShareConsumer<String, byte[]> consumer, Duration timeout) {
    ConsumerRecords<String, byte[]> records = consumer.poll(timeout);
    for (ConsumerRecord<String, byte[]> record : records) {
      return Optional.of(record);
    }
    return Optional.empty();
  }

  private void take(
      KafkaShareConsumer<String, byte[]> consumer, ConsumerRecord<String, byte[]> record) {
    JobRequested request;
    try {
      request = Json.read(new String(record.value(), StandardCharsets.UTF_8), JobRequested.class);
    } catch (DarkroomException e) {
      LOG.error(
          "A record of {} at offset {} is no request and goes to the dead letters: {}",
          topic,
          record.offset(),
          e.getMessage());
      acknowledge(consumer, record, AcknowledgeType.REJECT);
      return;
    }
    Delivery<JobRequested> delivery =
        new Delivery<>(
            request, record.deliveryCount().orElse((short) 1), new CompletableFuture<>());
    try {
      handler.accept(delivery);
    } catch (RuntimeException e) {
      LOG.error("No work was begun for job {}", request.jobId(), e);
      delivery.release();
    }
    hold(consumer, record, delivery);
  }

  /**
   * Renews the lock until the delivery is settled. A lock that is lost stays lost, and the slot
   * waits for its work all the same: it has no room for another.
   */
  private void hold(
      KafkaShareConsumer<String, byte[]> consumer,
      ConsumerRecord<String, byte[]> record,
      Delivery<JobRequested> delivery) {
    Optional<ConsumerRecord<String, byte[]>> held = Optional.of(record);
    while (true) {
      Optional<Acknowledgement> settled = await(delivery);
      if (settled.isPresent()) {
        AcknowledgeType type =
            switch (settled.get()) {
              case ACCEPT -> AcknowledgeType.ACCEPT;
              case RELEASE -> AcknowledgeType.RELEASE;
              case REJECT -> AcknowledgeType.REJECT;
            };
        held.ifPresent(r -> acknowledge(consumer, r, type));
        return;
      }
      if (held.isPresent()) {
        held = renew(consumer, held.get());
        if (held.isEmpty()) {
          LOG.warn(
              "The lock of job {}'s record is lost; another worker may get it",
              delivery.value().jobId());
        }
      }
    }
  }

  private static Optional<Acknowledgement> await(Delivery<JobRequested> delivery) {
    try {
      return Optional.of(delivery.settled().get(RENEW_EVERY.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException("nobody interrupts a slot or fails a delivery", e);
    }
  }

  /** The record to acknowledge next, which is another object than before, or empty if lost. */
  private Optional<ConsumerRecord<String, byte[]>> renew(
      KafkaShareConsumer<String, byte[]> consumer, ConsumerRecord<String, byte[]> record) {
    try {
      consumer.acknowledge(record, AcknowledgeType.RENEW);
      consumer.commitSync(COMMIT);
      Optional<ConsumerRecord<String, byte[]>> next = poll(consumer, COMMIT);
      if (next.isPresent() && next.get().offset() != record.offset()) {
        acknowledge(consumer, next.get(), AcknowledgeType.RELEASE);
        return Optional.empty();
      }
      return next;
    } catch (WakeupException | InterruptException e) {
      throw e;
    } catch (KafkaException | IllegalStateException e) {
      LOG.warn("A record of {} was not renewed: {}", topic, e.toString());
      return Optional.empty();
    }
  }

  private void acknowledge(
      KafkaShareConsumer<String, byte[]> consumer,
      ConsumerRecord<String, byte[]> record,
      AcknowledgeType type) {
    try {
      consumer.acknowledge(record, type);
      consumer
          .commitSync(COMMIT)
          .values()
          .forEach(
              failure ->
                  failure.ifPresent(
                      e ->
                          LOG.info(
                              "A record of {} was not acknowledged: {}", topic, e.toString())));
    } catch (KafkaException | IllegalStateException e) {
      // Delivered again later, and then found ended in Postgres.
      LOG.info("A record of {} was not acknowledged: {}", topic, e.toString());
    }
  }

  /** Takes no more records; {@link #close} waits for the one in hand. */
  public void stop() {
    closing.complete(null);
  }

  /** Takes no more records, and returns once the one in hand is settled and acknowledged. */
  @Override
  public void close() {
    stop();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
