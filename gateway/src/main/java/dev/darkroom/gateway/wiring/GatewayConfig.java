package dev.darkroom.gateway.wiring;

import dev.darkroom.gateway.net.PrivateAddresses;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The gateway's settings; {@code darkroom.postgres-url} is read from {@code DARKROOM_POSTGRES_URL}.
 */
@ConfigMapping(prefix = "darkroom")
public interface GatewayConfig {
  /** Postgres as a JDBC address, without user and password. */
  String postgresUrl();

  String postgresUser();

  String postgresPassword();

  /** Kafka, as {@code host:port} pairs. */
  String kafkaBootstrapServers();

  /** The object store, as this process reaches it. */
  String s3Endpoint();

  /** What presigned URLs name; the endpoint itself where it is not set. */
  Optional<String> s3PublicEndpoint();

  String s3AccessKey();

  String s3SecretKey();

  @WithDefault("darkroom")
  String s3Bucket();

  @WithDefault("us-east-1")
  String s3Region();

  /** The pool that jobs go to. */
  @WithDefault("default")
  String pool();

  /** Base of the URLs handed out, without a slash at its end. */
  @WithDefault("http://127.0.0.1:8080")
  String publicUrl();

  /** A token that is valid from the start; only its hash is stored. */
  Optional<String> bootstrapToken();

  /** A diffusers folder that is registered as darkroom/starter. */
  Optional<Path> starterPath();

  /** Which non-public addresses webhooks and input URLs may reach. */
  @WithDefault("deny")
  PrivateAddresses privateAddresses();

  /** Largest JSON body, in bytes. */
  @WithDefault("1048576")
  int maxJsonBytes();

  /**
   * Largest form with a file, in bytes. Its default stands in {@code application.properties}, where
   * Quarkus reads it too.
   */
  @WithDefault("2000000000")
  long maxFileBytes();

  /** How long the URL of an output or a stream is valid. */
  @WithDefault("PT24H")
  Duration urlLifetime();

  /** How long a job and its outputs are kept after its end. */
  @WithDefault("P30D")
  Duration jobRetention();

  /** How many records per live slot of a pool may wait in Kafka. */
  @WithDefault("2")
  int windowPerSlot();

  /** How many records of a pool may wait in Kafka while no worker is known. */
  @WithDefault("4")
  int windowWithoutWorkers();
}
