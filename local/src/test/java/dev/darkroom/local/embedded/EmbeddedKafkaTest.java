package dev.darkroom.local.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class EmbeddedKafkaTest {
  private static final Duration POLL = Duration.ofSeconds(30);

  @Test
  void shareGroupRedeliversAReleasedRecordAndDropsAnAcceptedOne() throws Exception {
    String bootstrap = TestServices.kafka().bootstrapServers();
    prepare(bootstrap, "queue", "workers");
    send(bootstrap, "queue", "first", "second");
    try (var worker = shareConsumer(bootstrap, "workers", "queue")) {
      var first = next(worker);
      assertEquals("first", first.value());
      worker.acknowledge(first, AcknowledgeType.RELEASE);
      worker.commitSync();

      var again = next(worker);
      assertEquals("first", again.value());
      assertEquals(Optional.of((short) 2), again.deliveryCount());
      worker.acknowledge(again, AcknowledgeType.ACCEPT);
      worker.commitSync();

      assertEquals("second", next(worker).value());
    }
  }

  @Test
  void rejectedRecordGoesToTheDeadLetterTopicOfItsGroup() throws Exception {
    String bootstrap = TestServices.kafka().bootstrapServers();
    prepare(bootstrap, "poisoned", "tasters");
    send(bootstrap, "poisoned", "poison");
    try (var worker = shareConsumer(bootstrap, "tasters", "poisoned")) {
      worker.acknowledge(next(worker), AcknowledgeType.REJECT);
      worker.commitSync();
    }
    try (var reader = plainConsumer(bootstrap)) {
      var dead = new TopicPartition("dlq.poisoned", 0);
      awaitTopic(bootstrap, dead.topic());
      reader.assign(List.of(dead));
      reader.seekToBeginning(List.of(dead));
      assertEquals("poison", reader.poll(POLL).iterator().next().value());
    }
  }

  @Test
  void topicThatNobodyCreatedIsAnErrorAndNotATopic() {
    try (var producer = producer(TestServices.kafka().bootstrapServers(), 1000)) {
      var failure =
          assertThrows(
              ExecutionException.class,
              () -> producer.send(new ProducerRecord<>("no-such-topic", "x")).get());
      assertTrue(
          failure.getCause().getMessage().contains("no-such-topic"),
          failure.getCause().getMessage());
    }
  }

  @Test
  void recordsAndAcknowledgementsSurviveARestartOnAnotherPort(@TempDir Path folder)
      throws Exception {
    try (var kafka = EmbeddedKafka.start(folder, 0)) {
      prepare(kafka.bootstrapServers(), "kept", "keepers");
      send(kafka.bootstrapServers(), "kept", "done", "waiting");
      try (var worker = shareConsumer(kafka.bootstrapServers(), "keepers", "kept")) {
        worker.acknowledge(next(worker), AcknowledgeType.ACCEPT);
        worker.commitSync();
      }
    }
    try (var kafka = EmbeddedKafka.start(folder, 0);
        var worker = shareConsumer(kafka.bootstrapServers(), "keepers", "kept")) {
      assertEquals("waiting", next(worker).value());
    }
  }

  @Test
  void takenPortIsOneSentence(@TempDir Path folder) {
    int taken = TestServices.kafka().port();
    var failure =
        assertThrows(EmbeddedServiceException.class, () -> EmbeddedKafka.start(folder, taken));
    assertTrue(failure.getMessage().contains("expected port " + taken), failure.getMessage());
  }

  private static void prepare(String bootstrap, String topic, String group) throws Exception {
    try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
      admin
          .incrementalAlterConfigs(
              Map.of(
                  new ConfigResource(ConfigResource.Type.GROUP, group),
                  List.of(
                      set("share.auto.offset.reset", "earliest"),
                      set("errors.deadletterqueue.topic.name", "dlq." + topic),
                      set("errors.deadletterqueue.copy.record.enable", "true"))))
          .all()
          .get();
      untilKnown(
          () ->
              admin
                  .alterShareGroupOffsets(group, Map.of(new TopicPartition(topic, 0), 0L))
                  .all()
                  .get());
    }
  }

  private interface Question {
    void ask() throws ExecutionException, InterruptedException;
  }

  /** A topic may be so new that the broker that is asked has not heard of it. */
  private static void untilKnown(Question question)
      throws ExecutionException, InterruptedException {
    long deadline = System.nanoTime() + POLL.toNanos();
    while (true) {
      try {
        question.ask();
        return;
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)
            || System.nanoTime() > deadline) {
          throw e;
        }
      }
    }
  }

  private static AlterConfigOp set(String key, String value) {
    return new AlterConfigOp(new ConfigEntry(key, value), OpType.SET);
  }

  private static void awaitTopic(String bootstrap, String topic) throws Exception {
    try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      untilKnown(() -> admin.describeTopics(List.of(topic)).allTopicNames().get());
    }
  }

  private static void send(String bootstrap, String topic, String... values) throws Exception {
    try (var producer = producer(bootstrap, 20_000)) {
      for (String value : values) {
        producer.send(new ProducerRecord<>(topic, value)).get();
      }
    }
  }

  private static KafkaProducer<String, String> producer(String bootstrap, int maxBlockMillis) {
    return new KafkaProducer<>(
        Map.of("bootstrap.servers", bootstrap, "max.block.ms", maxBlockMillis),
        new StringSerializer(),
        new StringSerializer());
  }

  private static KafkaConsumer<String, String> plainConsumer(String bootstrap) {
    return new KafkaConsumer<>(
        Map.of("bootstrap.servers", bootstrap), new StringDeserializer(), new StringDeserializer());
  }

  private static KafkaShareConsumer<String, String> shareConsumer(
      String bootstrap, String group, String topic) {
    var consumer =
        new KafkaShareConsumer<>(
            Map.of(
                "bootstrap.servers",
                bootstrap,
                "group.id",
                group,
                "share.acknowledgement.mode",
                "explicit",
                "share.acquire.mode",
                "record_limit",
                "max.poll.records",
                1),
            new StringDeserializer(),
            new StringDeserializer());
    consumer.subscribe(List.of(topic));
    return consumer;
  }

  private static ConsumerRecord<String, String> next(KafkaShareConsumer<String, String> consumer) {
    long deadline = System.nanoTime() + POLL.toNanos();
    while (System.nanoTime() < deadline) {
      for (var polled : consumer.poll(Duration.ofSeconds(1))) {
        return polled;
      }
    }
    throw new AssertionError("no record within " + POLL);
  }
}
