package dev.darkroom.jobs.queue;

import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.message.Event;
import dev.darkroom.jobs.message.Topic;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Sends what may be lost: events. It never waits; while Kafka is away or its small buffer is full,
 * events are dropped and counted.
 */
public final class EventPublisher implements AutoCloseable {
  private static final int BUFFER = 8 << 20;

  private final KafkaProducer<String, byte[]> producer;
  private final AtomicLong dropped = new AtomicLong();

  public EventPublisher(String bootstrapServers) {
    producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers,
                ProducerConfig.ACKS_CONFIG, "1",
                ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, false,
                ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1,
                ProducerConfig.LINGER_MS_CONFIG, 2,
                ProducerConfig.BUFFER_MEMORY_CONFIG, BUFFER,
                ProducerConfig.MAX_BLOCK_MS_CONFIG, 0,
                ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 2000,
                ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 3000,
                ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 1000),
            new StringSerializer(),
            new ByteArraySerializer());
    warmUp();
  }

  /** A producer that may not wait drops its first record unless it knows the topic already. */
  private void warmUp() {
    Thread.ofVirtual()
        .name("darkroom-events-metadata")
        .start(
            () -> {
              try {
                producer.partitionsFor(Topic.EVENTS);
              } catch (KafkaException e) {
                dropped.incrementAndGet();
              }
            });
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
    producer.close(Duration.ofSeconds(2));
  }
}
