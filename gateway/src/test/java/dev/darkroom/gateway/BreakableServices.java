package dev.darkroom.gateway;

import dev.darkroom.local.embedded.EmbeddedKafka;
import dev.darkroom.local.embedded.EmbeddedPostgres;
import dev.darkroom.local.embedded.EmbeddedS3;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** A Kafka, a Postgres and an S3 of this gateway's own, to be stopped and started under it. */
public final class BreakableServices implements QuarkusTestResourceLifecycleManager {
  private static final String PASSWORD = "secret-of-the-fault-tests";

  private Path folder;
  private EmbeddedPostgres postgres;
  private EmbeddedKafka kafka;
  private EmbeddedS3 s3;
  private int postgresPort;
  private int kafkaPort;
  private int s3Port;

  @Override
  public Map<String, String> start() {
    try {
      folder = Files.createTempDirectory("darkroom-gateway-faults-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    startPostgres();
    startKafka();
    startS3();
    Map<String, String> settings = new HashMap<>(GatewayServices.settings());
    settings.put("darkroom.postgres-url", postgres.jdbcUrl());
    settings.put("darkroom.postgres-user", postgres.user());
    settings.put("darkroom.postgres-password", PASSWORD);
    settings.put("darkroom.kafka-bootstrap-servers", kafka.bootstrapServers());
    settings.put("darkroom.s3-endpoint", s3.endpoint());
    settings.put("darkroom.s3-access-key", s3.accessKey());
    settings.put("darkroom.s3-secret-key", s3.secretKey());
    return settings;
  }

  void startPostgres() {
    postgres = EmbeddedPostgres.start(folder.resolve("postgres"), postgresPort, PASSWORD);
    postgresPort = postgres.port();
  }

  void stopPostgres() {
    postgres.close();
  }

  void startKafka() {
    kafka = EmbeddedKafka.start(folder.resolve("kafka"), kafkaPort);
    kafkaPort = kafka.port();
  }

  void stopKafka() {
    kafka.close();
  }

  void startS3() {
    s3 = EmbeddedS3.start(folder.resolve("s3"), s3Port, "faults", PASSWORD);
    s3Port = s3.port();
  }

  void stopS3() {
    s3.close();
  }

  @Override
  public void inject(TestInjector injector) {
    injector.injectIntoFields(this, new TestInjector.MatchesType(BreakableServices.class));
  }

  @Override
  public void stop() {
    kafka.close();
    s3.close();
    postgres.close();
  }
}
