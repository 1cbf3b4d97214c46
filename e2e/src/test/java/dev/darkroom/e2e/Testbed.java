package dev.darkroom.e2e;

import dev.darkroom.local.embedded.EmbeddedKafka;
import dev.darkroom.local.embedded.EmbeddedPostgres;
import dev.darkroom.local.embedded.EmbeddedS3;
import dev.darkroom.local.embedded.FreePort;
import dev.darkroom.local.supervisor.Installation;
import dev.darkroom.local.supervisor.Installation.StartUp;
import dev.darkroom.local.supervisor.Service;
import dev.darkroom.local.supervisor.ServiceEnvironment;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What a fault test plays on: Kafka, Postgres and S3 that restart on their ports, and a gateway;
 * workers come and go.
 */
final class Testbed implements AutoCloseable {
  /** A job whose worker is silent for this long may be taken over: short, so that tests are. */
  static final String LEASE = "PT3S";

  private static final Duration IMPORT = Duration.ofSeconds(60);
  private static final String SECRET = "secret-of-the-testbed";
  private static final String TOKEN = "token-of-the-testbed";

  private final Path folder = Files.createTempDirectory("darkroom-e2e-");
  private final Installation installation = new Installation(home(), StartUp.USE_CACHE);
  private final EmbeddedS3 s3 = EmbeddedS3.start(folder.resolve("s3"), 0, "testbed", SECRET);
  private EmbeddedPostgres postgres = EmbeddedPostgres.start(folder.resolve("postgres"), 0, SECRET);
  private EmbeddedKafka kafka = EmbeddedKafka.start(folder.resolve("kafka"), 0);
  private final int postgresPort = postgres.port();
  private final int kafkaPort = kafka.port();
  private final int gatewayPort = FreePort.check(0, "gateway");
  private ServiceProcess gateway = startGateway();
  private int processes;

  Testbed() throws Exception {
    gateway.awaitReady();
    try (Api api = api()) {
      api.awaitStarter(IMPORT);
    }
  }

  /** The root of the source tree; tests run in the folder of their module. */
  static Path home() {
    return Path.of("").toAbsolutePath().getParent();
  }

  /** A model of a few hundred kilobytes with random weights, in the starter's layout. */
  static Path tinyModel() {
    return home().resolve("common/diffusion/src/test/resources/pipelines/tiny");
  }

  Api api() {
    return new Api("http://127.0.0.1:" + gatewayPort, TOKEN);
  }

  /** Starts a worker; it is ready when it says so. */
  ServiceProcess worker(String... flags) throws Exception {
    processes++;
    String name = "worker-" + processes;
    int port = FreePort.check(0, name);
    var environment = new TreeMap<>(environment());
    environment.put("DARKROOM_WORKER_NAME", name);
    environment.put("DARKROOM_WORKER_SLOTS", "1");
    environment.put("DARKROOM_CACHE_DIR", folder.resolve("cache").resolve(name).toString());
    environment.put("QUARKUS_MANAGEMENT_HOST", "127.0.0.1");
    environment.put("QUARKUS_MANAGEMENT_PORT", Integer.toString(port));
    return start(Service.WORKER, name, environment, port, flags);
  }

  /**
   * Starts a worker that ends itself, as SIGKILL would, when a job has come to a testbed of the
   * pipeline.
   */
  ServiceProcess workerThatDiesAt(String stage) throws Exception {
    return worker("-Dcrashpoint=" + stage);
  }

  private ServiceProcess startGateway(String... flags) throws Exception {
    var environment = new TreeMap<>(environment());
    environment.put("QUARKUS_HTTP_HOST", "127.0.0.1");
    environment.put("QUARKUS_HTTP_PORT", Integer.toString(gatewayPort));
    environment.put("DARKROOM_PUBLIC_URL", "http://127.0.0.1:" + gatewayPort);
    environment.put("DARKROOM_BOOTSTRAP_TOKEN", TOKEN);
    environment.put("DARKROOM_PRIVATE_ADDRESSES", "loopback");
    environment.put("DARKROOM_STARTER_PATH", tinyModel().toString());
    processes++;
    return start(Service.GATEWAY, "gateway-" + processes, environment, gatewayPort, flags);
  }

  private ServiceProcess start(
      Service service, String name, Map<String, String> environment, int port, String... flags)
      throws Exception {
    URI health = URI.create("http://127.0.0.1:%d/q/health/ready".formatted(port));
    return ServiceProcess.start(
        installation.command(service, flags), environment, health, folder.resolve(name + ".log"));
  }

  private Map<String, String> environment() {
    var environment =
        new TreeMap<>(
            new ServiceEnvironment(
                    "127.0.0.1:" + kafkaPort,
                    "jdbc:postgresql://127.0.0.1:%d/%s"
                        .formatted(postgresPort, EmbeddedPostgres.DATABASE),
                    EmbeddedPostgres.USER,
                    SECRET,
                    URI.create(s3.endpoint()),
                    s3.accessKey(),
                    s3.secretKey(),
                    s3.bucket(),
                    s3.region())
                .variables());
    environment.put("DARKROOM_LEASE", LEASE);
    return environment;
  }

  void stopKafka() {
    kafka.close();
  }

  void startKafka() {
    kafka = EmbeddedKafka.start(folder.resolve("kafka"), kafkaPort);
  }

  /** SIGKILL: what was not committed to disk is gone. */
  void killPostgres() throws Exception {
    ProcessHandle.of(postgres.pid()).orElseThrow().destroyForcibly();
    postgres.onExit().get(10, TimeUnit.SECONDS);
  }

  void startPostgres() {
    postgres = EmbeddedPostgres.start(folder.resolve("postgres"), postgresPort, SECRET);
  }

  ServiceProcess gateway() {
    return gateway;
  }

  void restartGateway() throws Exception {
    gateway = startGateway();
    gateway.awaitReady();
  }

  /**
   * Puts a gateway in the place of the one that runs, which ends itself, as SIGKILL would, when it
   * has come to a stage of the dispatch of a job.
   */
  ServiceProcess restartGatewayThatDies(String stage) throws Exception {
    gateway.close();
    gateway = startGateway("-Dcrashpoint=" + stage);
    return gateway.awaitReady();
  }

  /** The files of a job's outputs in the store, of every attempt, as attempt and name. */
  List<String> storedOutputs(String job) throws Exception {
    Path outputs = folder.resolve("s3").resolve(s3.bucket()).resolve("outputs").resolve(job);
    if (Files.notExists(outputs)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(outputs)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> outputs.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  @Override
  public void close() throws Exception {
    gateway.close();
    s3.close();
    kafka.close();
    postgres.close();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
