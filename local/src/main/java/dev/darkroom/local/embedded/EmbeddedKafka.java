package dev.darkroom.local.embedded;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.Feature;

/**
 * A Kafka broker that is its own controller (KRaft), with share groups and dead letters, inside
 * this JVM.
 */
public final class EmbeddedKafka implements AutoCloseable {
  private static final int NODE_ID = 1;

  private final KafkaRaftServer server;
  private final int port;

  private EmbeddedKafka(KafkaRaftServer server, int port) {
    this.server = server;
    this.port = port;
  }

  /**
   * Starts a broker on the log folder, which is formatted when it is new; returns when it takes
   * requests.
   *
   * @param dataDir where the logs live; kept on close
   * @param port client port on 127.0.0.1, or 0 for a free one
   */
  public static EmbeddedKafka start(Path dataDir, int port) {
    int clientPort = FreePort.check(port, "Kafka");
    int controllerPort = FreePort.check(0, "Kafka controller");
    try {
      Files.createDirectories(dataDir);
      if (!Files.exists(dataDir.resolve("meta.properties"))) {
        format(dataDir);
      }
      var config = KafkaConfig.fromProps(properties(dataDir, clientPort, controllerPort), false);
      var server = new KafkaRaftServer(config, Time.SYSTEM);
      server.startup();
      return new EmbeddedKafka(server, clientPort);
    } catch (Exception e) {
      throw new EmbeddedServiceException(
          "Kafka does not start on %s: %s".formatted(dataDir, e.getMessage()), e);
    }
  }

  private static void format(Path dataDir) throws Exception {
    try (var quiet =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
      new Formatter()
          .setPrintStream(quiet)
          .setSupportedFeatures(List.copyOf(Feature.PRODUCTION_FEATURES))
          .setNodeId(NODE_ID)
          .setClusterId(Uuid.randomUuid().toString())
          .setDirectories(List.of(dataDir.toString()))
          .setMetadataLogDirectory(dataDir.toString())
          .setControllerListenerName("CONTROLLER")
          .run();
    }
  }

  private static Properties properties(Path dataDir, int port, int controllerPort)
      throws IOException {
    var properties = new Properties();
    try (var settings = EmbeddedKafka.class.getResourceAsStream("broker.properties")) {
      properties.load(settings);
    }
    properties.setProperty("node.id", Integer.toString(NODE_ID));
    properties.setProperty("controller.quorum.voters", NODE_ID + "@127.0.0.1:" + controllerPort);
    properties.setProperty(
        "listeners", "CLIENT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort);
    properties.setProperty("advertised.listeners", "CLIENT://127.0.0.1:" + port);
    properties.setProperty("log.dirs", dataDir.toString());
    return properties;
  }

  /** Host and port for {@code bootstrap.servers}. */
  public String bootstrapServers() {
    return "127.0.0.1:" + port;
  }

  public int port() {
    return port;
  }

  /** Stops the broker cleanly and waits until it has; the logs stay. */
  @Override
  public void close() {
    server.shutdown();
    server.awaitShutdown();
  }
}
