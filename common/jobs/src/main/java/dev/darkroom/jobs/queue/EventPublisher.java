package dev.darkroom.jobs.queue;

import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.message.Event;
import dev.darkroom.jobs.message.Topic;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends what may be lost: events. It never waits; where Kafka stays away for longer than a change
 * of its leader takes, or the small buffer is full, events are dropped and counted.
 */
public final class EventPublisher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EventPublisher.class);
  private static final int BUFFER = 8 << 20;
  private static final Duration PAUSE = Duration.ofMillis(50);

  /**
   * A producer forgets a topic that it has not sent to for as long, five minutes unless told, and
   * one that may not wait would then drop the first events of the next job.
   */
  private static final long IDLE_MS = Duration.ofDays(3650).toMillis();

  private final KafkaProducer<String, byte[]> producer;
  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private final CompletableFuture<Void> closing = new CompletableFuture<>();
  private final AtomicLong dropped = new AtomicLong();

  public EventPublisher(String bootstrapServers) {
    producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ProducerConfig.ACKS_CONFIG,
                "1",
                ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                false,
                ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION,
                1,
                ProducerConfig.LINGER_MS_CONFIG,
                2,
                ProducerConfig.BUFFER_MEMORY_CONFIG,
                BUFFER,
                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                0,
                ProducerConfig.METADATA_MAX_IDLE_CONFIG,
                IDLE_MS,
                ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
                5000,
                ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                15_000),
            new StringSerializer(),
            new ByteArraySerializer());
    Thread.ofVirtual().name("darkroom-events-metadata").start(this::warmUp);
  }

  /** A producer that may not wait drops its first records unless it knows the topic already. */
  private void warmUp() {
    while (!closing.isDone() && !ready.isDone()) {
      try {
        producer.partitionsFor(Topic.EVENTS);
        ready.complete(null);
      } catch (KafkaException e) {
        LOG.debug("Kafka has not yet said where events go: {}", e.toString());
        closing.copy().completeOnTimeout(null, PAUSE.toMillis(), TimeUnit.MILLISECONDS).join();
      }
    }
  }

  /** Done once Kafka has said where events go: what is published before that is dropped. */
  public CompletableFuture<Void> ready() {
    return ready.copy();
  }

  /** Sends an event, or drops it. A preview beyond its limit is dropped too. */
  public void publish(Event event) {
    if (event instanceof Event.Preview preview
        && preview.image().length > Event.Preview.MAX_BYTES) {
      dropped.incrementAndGet();
      return;
    }
    byte[] value = Json.write(event).getBytes(StandardCharsets.UTF_8);
    try {
      producer.send(
          new ProducerRecord<>(Topic.EVENTS, event.jobId().value(), value),
          (metadata, failure) -> {
            if (failure != null) {
              dropped.incrementAndGet();
            }
          });
    } catch (KafkaException e) {
      dropped.incrementAndGet();
    }
  }

  /** How many events were dropped. */
  public long dropped() {
    return dropped.get();
  }

  @Override
  public void close() {
    closing.complete(null);
    producer.close(Duration.ofSeconds(2));
  }
}
