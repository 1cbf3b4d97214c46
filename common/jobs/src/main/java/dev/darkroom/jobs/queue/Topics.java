package dev.darkroom.jobs.queue;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.message.Topic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Makes topics and share groups as everything here expects them; to do so again changes nothing.
 */
public final class Topics implements AutoCloseable {
  /** How long a frozen holder keeps a record; a dead one's comes back as its connection ends. */
  public static final Duration LOCK = Duration.ofSeconds(15);

  /** Deliveries after which the broker itself gives a record up. */
  private static final int MAX_DELIVERIES = 10;

  private static final long WAIT_SECONDS = 20;
  private static final int MOST_PAUSE_MS = 200;
  private static final Duration PAUSE = Duration.ofMillis(10);

  /**
   * A broker that is just up may not find the keeper of a group's state, and then lets the question
   * lie for 2 s; asked anew, it answers. Doubled each time, for those that are only slow.
   */
  private static final int FIRST_PATIENCE_MS = 400;

  private static final int API_TIMEOUT_MS = 15000;

  private final Admin admin;

  public Topics(String bootstrapServers) {
    admin =
        Admin.create(
            Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers,
                AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, 5000,
                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, API_TIMEOUT_MS,
                // A process that starts beside its broker asks too early: up to a second's pause
                // between its questions would be most of its start.
                AdminClientConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, MOST_PAUSE_MS,
                AdminClientConfig.RETRY_BACKOFF_MAX_MS_CONFIG, MOST_PAUSE_MS));
  }

  /** Makes the broadcast topics, and a pool's topics and groups for both kinds of jobs. */
  public void create(String pool) {
    create(List.of(pool), (short) -1);
  }

  /**
   * As {@link #create(String)} for several pools.
   *
   * @param replication of each topic; -1 is the broker's default
   */
  public void create(Collection<String> pools, short replication) {
    List<NewTopic> topics = new ArrayList<>();
    topics.add(
        new NewTopic(Topic.CONTROL, 1, replication)
            .configs(Map.of("retention.ms", "3600000", "segment.ms", "600000")));
    // One partition: every gateway hears all events, and each partition would answer it anew.
    topics.add(
        new NewTopic(Topic.EVENTS, 1, replication)
            .configs(
                Map.of(
                    "retention.ms",
                    "600000",
                    "segment.ms",
                    "600000",
                    "retention.bytes",
                    Integer.toString(256 << 20),
                    "segment.bytes",
                    Integer.toString(32 << 20))));
    for (String pool : pools) {
      for (JobKind kind : JobKind.values()) {
        String topic = Topic.jobs(kind, pool);
        // One partition: with more, a busy consumer strands the records of those it holds.
        topics.add(new NewTopic(topic, 1, replication).configs(Map.of("retention.ms", "-1")));
        topics.add(
            new NewTopic(Topic.deadLetters(topic), 1, replication)
                .configs(Map.of("errors.deadletterqueue.group.enable", "true")));
      }
    }
    createTopics(topics);
    Map<String, String> groups = new LinkedHashMap<>();
    for (String pool : pools) {
      for (JobKind kind : JobKind.values()) {
        groups.put(Topic.group(kind, pool), Topic.jobs(kind, pool));
      }
    }
    configure(groups);
    groups.forEach(this::begin);
  }

  /** All in one request: a process that starts waits for every answer. */
  private void createTopics(List<NewTopic> topics) {
    for (Map.Entry<String, KafkaFuture<Void>> created :
        admin.createTopics(topics).values().entrySet()) {
      try {
        await(created.getValue());
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof TopicExistsException)) {
          throw failed("topic " + created.getKey(), e);
        }
      }
    }
  }

  /**
   * @param groups each with its topic
   */
  private void configure(Map<String, String> groups) {
    Map<ConfigResource, Collection<AlterConfigOp>> settings = new LinkedHashMap<>();
    groups.forEach(
        (group, topic) ->
            settings.put(
                new ConfigResource(ConfigResource.Type.GROUP, group),
                settings(topic).entrySet().stream()
                    .map(
                        e ->
                            new AlterConfigOp(
                                new ConfigEntry(e.getKey(), e.getValue()),
                                AlterConfigOp.OpType.SET))
                    .toList()));
    try {
      await(admin.incrementalAlterConfigs(settings).all());
    } catch (ExecutionException e) {
      throw failed("share groups " + groups.keySet(), e);
    }
  }

  private static Map<String, String> settings(String topic) {
    return Map.of(
        "share.auto.offset.reset",
        "earliest",
        // A slot that joins works at once instead of at the group's next round of assignments.
        "share.assignment.interval.ms",
        "0",
        "share.record.lock.duration.ms",
        Long.toString(LOCK.toMillis()),
        "share.delivery.count.limit",
        Integer.toString(MAX_DELIVERIES),
        "errors.deadletterqueue.topic.name",
        Topic.deadLetters(topic),
        "errors.deadletterqueue.copy.record.enable",
        "true");
  }

  /** Without this the first record waits 1 to 6 s for the group's first heartbeats. */
  private void begin(String group, String topic) {
    long began = System.nanoTime();
    int patience = FIRST_PATIENCE_MS;
    while (!hasBegun(group, topic, patience)) {
      if (System.nanoTime() - began > TimeUnit.SECONDS.toNanos(WAIT_SECONDS)) {
        throw new DarkroomException(
            ErrorCode.QUEUE_UNAVAILABLE,
            "Kafka has made topic %s and does not know it".formatted(topic));
      }
      LockSupport.parkNanos(PAUSE.toNanos());
      patience = Math.min(2 * patience, API_TIMEOUT_MS);
    }
  }

  /** False where Kafka does not know yet, and is to be asked again. */
  private boolean hasBegun(String group, String topic, int patience) {
    try {
      return lag(group, topic, new ListShareGroupOffsetsOptions().timeoutMs(patience)) >= 0
          || startAtTheBeginning(group, topic);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof org.apache.kafka.common.errors.TimeoutException) {
        return false;
      }
      throw failed("share group " + group, e);
    }
  }

  /** False where the topic is so new that its broker has not heard of it. */
  private boolean startAtTheBeginning(String group, String topic) {
    try {
      await(admin.alterShareGroupOffsets(group, Map.of(new TopicPartition(topic, 0), 0L)).all());
      return true;
    } catch (ExecutionException e) {
      return switch (e.getCause()) {
        case UnknownTopicOrPartitionException early -> false;
        case GroupNotEmptyException begun -> true;
        default -> throw failed("share group " + group, e);
      };
    }
  }

  /** Records of a topic that its group has not finished, or -1 before the group has begun. */
  public long lag(String group, String topic) {
    try {
      return lag(group, topic, new ListShareGroupOffsetsOptions());
    } catch (ExecutionException e) {
      throw failed("share group " + group, e);
    }
  }

  private long lag(String group, String topic, ListShareGroupOffsetsOptions options)
      throws ExecutionException {
    TopicPartition partition = new TopicPartition(topic, 0);
    Map<TopicPartition, SharePartitionOffsetInfo> offsets =
        await(
            admin
                .listShareGroupOffsets(
                    Map.of(
                        group, new ListShareGroupOffsetsSpec().topicPartitions(List.of(partition))),
                    options)
                .partitionsToOffsetInfo(group));
    SharePartitionOffsetInfo info = offsets.get(partition);
    return info == null ? -1 : info.lag().orElse(-1L);
  }

  private static <T> T await(KafkaFuture<T> future) throws ExecutionException {
    try {
      return future.get(WAIT_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new DarkroomException(
          ErrorCode.QUEUE_UNAVAILABLE, "Kafka does not answer within 20 s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DarkroomException(ErrorCode.QUEUE_UNAVAILABLE, "interrupted while Kafka works", e);
    }
  }

  private static DarkroomException failed(String what, ExecutionException e) {
    return new DarkroomException(
        ErrorCode.QUEUE_UNAVAILABLE,
        "Kafka: %s was not set up: %s".formatted(what, e.getCause()),
        e);
  }

  @Override
  public void close() {
    admin.close(Duration.ofSeconds(2));
  }
}
