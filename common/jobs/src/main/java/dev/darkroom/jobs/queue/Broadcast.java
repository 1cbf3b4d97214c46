package dev.darkroom.jobs.queue;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.message.Control;
import dev.darkroom.jobs.message.Event;
import dev.darkroom.jobs.message.Message;
import dev.darkroom.jobs.message.Topic;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears every record of a topic from now on, without a group: all partitions, no offsets kept.
 * After an outage it goes on where Kafka still has records; what it missed for good is in Postgres.
 */
public final class Broadcast<T extends Message> implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Broadcast.class);
  private static final Duration POLL = Duration.ofSeconds(1);
  private static final Duration PAUSE = Duration.ofMillis(500);

  private final String topic;
  private final Class<T> type;
  private final Map<String, Object> settings;
  private final Consumer<T> listener;
  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private final CompletableFuture<Void> closing = new CompletableFuture<>();
  private final Thread thread;

  private Broadcast(String bootstrapServers, String topic, Class<T> type, Consumer<T> listener) {
    this.topic = topic;
    this.type = type;
    this.listener = listener;
    settings =
        Map.of(
            ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
            bootstrapServers,
            ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
            "latest",
            ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
            false,
            ConsumerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG,
            1000);
    thread = Thread.ofPlatform().name("broadcast-" + topic).daemon().start(this::run);
  }

  /** Hears what all workers are told; the listener runs on one thread and must be quick. */
  public static Broadcast<Control> control(String bootstrapServers, Consumer<Control> listener) {
    return new Broadcast<>(bootstrapServers, Topic.CONTROL, Control.class, listener);
  }

  /** Hears the events of all jobs; the listener runs on one thread and must be quick. */
  public static Broadcast<Event> events(String bootstrapServers, Consumer<Event> listener) {
    return new Broadcast<>(bootstrapServers, Topic.EVENTS, Event.class, listener);
  }

  /** Done once records sent from then on are heard. */
  public CompletableFuture<Void> ready() {
    return ready.copy();
  }

  private void run() {
    while (!closing.isDone()) {
      try (KafkaConsumer<String, byte[]> consumer =
          new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
        closing.whenComplete((done, failure) -> consumer.wakeup());
        hear(consumer);
      } catch (WakeupException e) {
        LOG.debug("Broadcast {} ends", topic);
      } catch (KafkaException e) {
        LOG.warn("Broadcast {} failed and begins anew: {}", topic, e.toString());
        pause();
      }
    }
  }

  private void hear(KafkaConsumer<String, byte[]> consumer) {
    List<TopicPartition> partitions =
        consumer.partitionsFor(topic).stream()
            .map(info -> new TopicPartition(topic, info.partition()))
            .toList();
    if (partitions.isEmpty()) {
      throw new KafkaException("topic %s does not exist yet".formatted(topic));
    }
    consumer.assign(partitions);
    consumer.seekToEnd(partitions);
    // A seek is lazy; the position is what pins it to now.
    partitions.forEach(consumer::position);
    ready.complete(null);
    while (!closing.isDone()) {
      for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
        hear(record);
      }
    }
  }

  private void hear(ConsumerRecord<String, byte[]> record) {
    try {
      listener.accept(Json.read(new String(record.value(), StandardCharsets.UTF_8), type));
    } catch (DarkroomException e) {
      LOG.debug("A record of {} is of a newer version and is passed over: {}", topic, e.toString());
    } catch (RuntimeException e) {
      LOG.error("The listener of {} failed on a record", topic, e);
    }
  }

  private void pause() {
    try {
      closing.get(PAUSE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      LOG.debug("Broadcast {} goes on", topic);
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException("nobody interrupts a broadcast", e);
    }
  }

  @Override
  public void close() {
    closing.complete(null);
    try {
      thread.join(TimeUnit.SECONDS.toMillis(5));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
