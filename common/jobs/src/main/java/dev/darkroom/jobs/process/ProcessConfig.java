package dev.darkroom.jobs.process;

import io.smallrye.config.WithDefault;
import io.smallrye.config.WithName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What every process that takes jobs is told by its environment: {@code
 * darkroom.kafka.bootstrap-servers} is {@code DARKROOM_KAFKA_BOOTSTRAP_SERVERS}. Each kind of
 * process extends it by what it alone needs.
 */
public interface ProcessConfig {
  Kafka kafka();

  S3 s3();

  Postgres postgres();

  Cache cache();

  /** How it appears in the list of workers; the host's name and the process id where absent. */
  @WithName("worker.name")
  Optional<String> workerName();

  /** Which topic's jobs it takes. */
  @WithDefault("default")
  String pool();

  /** How long a job stays this process's without a heartbeat. */
  @WithDefault("PT15S")
  Duration lease();

  /** Where tensors live: cpu or gpu. */
  @WithDefault("cpu")
  Device device();

  /** See {@link ProcessConfig#device()}. */
  enum Device {
    CPU,
    GPU
  }

  interface Kafka {
    String bootstrapServers();
  }

  interface Postgres {
    String url();

    String user();

    String password();
  }

  interface S3 {
    String endpoint();

    /** What presigned URLs name. */
    Optional<String> publicEndpoint();

    String accessKey();

    String secretKey();

    @WithDefault("darkroom")
    String bucket();

    @WithDefault("us-east-1")
    String region();
  }

  interface Cache {
    /** Where model files are kept. */
    @WithDefault("${java.io.tmpdir}/darkroom-models")
    Path dir();

    /** Bytes of model files kept. */
    @WithDefault("21474836480")
    long maxBytes();
  }
}
