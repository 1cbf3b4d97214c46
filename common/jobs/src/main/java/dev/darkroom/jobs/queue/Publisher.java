package dev.darkroom.jobs.queue;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.message.Control;
import dev.darkroom.jobs.message.JobRequested;
import dev.darkroom.jobs.message.Message;
import dev.darkroom.jobs.message.Topic;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Sends what must arrive: requests and control messages. A send is done when all in-sync replicas
 * have it; while Kafka is away it fails within seconds instead of waiting for ever.
 */
public final class Publisher implements AutoCloseable {
  private static final Duration MAX_BLOCK = Duration.ofSeconds(2);
  private static final Duration DELIVERY = Duration.ofSeconds(5);

  private final KafkaProducer<String, byte[]> producer;
  private final Duration delivery;

  public Publisher(String bootstrapServers) {
    this(bootstrapServers, MAX_BLOCK, DELIVERY);
  }

  /**
   * @param maxBlock how long a send may wait for Kafka to say where the topic is
   * @param delivery how long it may take after that, 2 s or more
   */
  public Publisher(String bootstrapServers, Duration maxBlock, Duration delivery) {
    this.delivery = delivery;
    producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ProducerConfig.ACKS_CONFIG,
                "all",
                ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                true,
                ProducerConfig.LINGER_MS_CONFIG,
                0,
                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                (int) maxBlock.toMillis(),
                ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
                2000,
                ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                (int) delivery.toMillis(),
                ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG,
                1000),
            new StringSerializer(),
            new ByteArraySerializer());
  }

  /**
   * Asks a pool's workers for a job.
   *
   * @return done when Kafka has it; fails with {@code QUEUE_UNAVAILABLE}
   */
  public CompletableFuture<Void> request(String pool, JobKind kind, JobRequested request) {
    return send(Topic.jobs(kind, pool), request.jobId().value(), request);
  }

  /** Tells every worker; as {@link #request}. */
  public CompletableFuture<Void> control(Control control) {
    return send(Topic.CONTROL, control.jobId().value(), control);
  }

  private CompletableFuture<Void> send(String topic, String key, Message message) {
    CompletableFuture<Void> sent = new CompletableFuture<>();
    byte[] value = Json.write(message).getBytes(StandardCharsets.UTF_8);
    try {
      producer.send(
          new ProducerRecord<>(topic, key, value),
          (metadata, failure) -> {
            if (failure == null) {
              sent.complete(null);
            } else {
              sent.completeExceptionally(unavailable(failure));
            }
          });
    } catch (KafkaException e) {
      sent.completeExceptionally(unavailable(e));
    }
    return sent;
  }

  /** Waits for a send, with its own error instead of a wrapped one. */
  public static void await(CompletableFuture<Void> sent) {
    try {
      sent.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof DarkroomException ours ? ours : unavailable(e);
    }
  }

  private static DarkroomException unavailable(Exception e) {
    return new DarkroomException(
        ErrorCode.QUEUE_UNAVAILABLE, "Kafka did not take a record: " + e.getMessage(), e);
  }

  @Override
  public void close() {
    producer.close(delivery);
  }
}
