package dev.darkroom.local.supervisor;

import dev.darkroom.local.embedded.EmbeddedPostgres;
import dev.darkroom.local.embedded.FreePort;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Everything that {@code ./darkroom up} runs, from one call to {@link #start} until {@link #close}.
 */
public final class LocalSystem implements AutoCloseable {
  /**
   * Longer than any start that ends well: a fresh folder on a busy machine, with the import of the
   * starter model.
   */
  private static final Duration START_LIMIT = Duration.ofMinutes(3);

  /** A worker hands its jobs back within a step, a trainer within a checkpoint. */
  private static final Duration STOP_LIMIT = Duration.ofSeconds(10);

  /** A process that records its start-up cache writes it when it ends. */
  private static final Duration RECORDING_STOP_LIMIT = Duration.ofMinutes(3);

  private final UpOptions options;
  private final Installation installation;
  private final Progress progress;
  private final DataFolder folder;
  private final Settings settings;
  private final Guardian guardian;
  private final EmbeddedServices services;
  private final URI url;
  private final List<Child> workers = new ArrayList<>();
  private final List<Child> trainers = new ArrayList<>();
  private @Nullable Child gateway;
  private boolean healthy;

  private LocalSystem(
      DataFolder folder, UpOptions options, Installation installation, Progress progress)
      throws IOException {
    this.options = options;
    this.installation = installation;
    this.progress = progress;
    this.folder = folder;
    Files.deleteIfExists(folder.runFile());
    this.url = URI.create("http://127.0.0.1:" + FreePort.check(options.port(), "gateway"));
    this.settings = Settings.of(folder);
    this.guardian = Guardian.start();
    this.services = new EmbeddedServices(folder, settings, guardian, progress);
  }

  /**
   * Starts the services and the processes but the trainers; returns when the gateway is healthy,
   * and has written {@code run.json}.
   *
   * @param lock of the folder that keeps it all; must outlive the system
   * @throws SupervisorException when a port is taken or a part does not come up
   */
  public static LocalSystem start(
      DataFolder.Lock lock, UpOptions options, Installation installation, Progress progress)
      throws IOException, InterruptedException {
    var system = new LocalSystem(lock.folder(), options, installation, progress);
    try {
      system.startProcesses();
      return system;
    } catch (RuntimeException | IOException | InterruptedException e) {
      system.close();
      throw e;
    }
  }

  private void startProcesses() throws IOException, InterruptedException {
    services.awaitPostgres();
    gateway = launch(gatewayCommand());
    // A worker loads libtorch while Kafka still starts, and waits for it by itself.
    for (int i = 1; i <= options.workers(); i++) {
      workers.add(launch(tensorCommand(Service.WORKER, i)));
    }
    services.awaitKafka();
    services.awaitS3();
    awaitHealthy(gateway);
    progress.say("the gateway is healthy");
    synchronized (this) {
      healthy = true;
    }
    writeRunFile();
  }

  /**
   * Starts the trainers: apart from the rest, so that the first image need not share the cores with
   * a process that has nothing to do yet.
   */
  public synchronized void startTrainers() throws IOException {
    for (int i = 1; i <= options.trainers(); i++) {
      trainers.add(launch(tensorCommand(Service.TRAINER, i)));
    }
    writeRunFile();
  }

  private Child launch(ChildCommand command) throws IOException {
    return Child.start(command, folder.logs(), guardian, progress, this::writeRunFile);
  }

  private ChildCommand gatewayCommand() {
    var environment = new TreeMap<>(environment().variables());
    environment.put("QUARKUS_HTTP_HOST", "127.0.0.1");
    environment.put("QUARKUS_HTTP_PORT", Integer.toString(url.getPort()));
    environment.put("DARKROOM_PUBLIC_URL", url.toString());
    environment.put("DARKROOM_BOOTSTRAP_TOKEN", settings.token());
    environment.put("DARKROOM_PRIVATE_ADDRESSES", options.privateAddresses().toString());
    if (Files.isDirectory(installation.starter())) {
      environment.put("DARKROOM_STARTER_PATH", installation.starter().toString());
    }
    return new ChildCommand(
        Service.GATEWAY.title(),
        installation.command(Service.GATEWAY),
        environment,
        url.resolve("/q/health/ready"));
  }

  private ChildCommand tensorCommand(Service service, int number) {
    String name = service.title() + "-" + number;
    int managementPort = FreePort.check(0, name);
    var environment = new TreeMap<>(environment().variables());
    environment.put("QUARKUS_MANAGEMENT_HOST", "127.0.0.1");
    environment.put("QUARKUS_MANAGEMENT_PORT", Integer.toString(managementPort));
    environment.put("DARKROOM_WORKER_NAME", name);
    environment.put("DARKROOM_CACHE_DIR", folder.cache().resolve(name).toString());
    return new ChildCommand(
        name,
        installation.command(service),
        environment,
        URI.create("http://127.0.0.1:%d/q/health/ready".formatted(managementPort)));
  }

  private ServiceEnvironment environment() {
    return new ServiceEnvironment(
        "127.0.0.1:" + settings.kafkaPort(),
        "jdbc:postgresql://127.0.0.1:%d/%s"
            .formatted(settings.postgresPort(), EmbeddedPostgres.DATABASE),
        EmbeddedPostgres.USER,
        settings.postgresPassword(),
        URI.create("http://127.0.0.1:" + settings.s3Port()),
        settings.s3AccessKey(),
        settings.s3SecretKey(),
        "darkroom",
        "us-east-1");
  }

  private void awaitHealthy(Child child) throws InterruptedException {
    Instant deadline = Instant.now().plus(START_LIMIT);
    try (var probe = new Probe()) {
      while (probe.ask(child.health()) != Probe.Health.READY) {
        if (Instant.now().isAfter(deadline)) {
          throw new SupervisorException(
              "%s: expected to be ready within %d s, it is not; see %s"
                  .formatted(child.name(), START_LIMIT.toSeconds(), child.logFile()));
        }
        TimeUnit.MILLISECONDS.sleep(25);
      }
    }
  }

  private synchronized void writeRunFile() {
    if (healthy) {
      try {
        runFile().write(folder);
      } catch (ClosedByInterruptException e) {
        // The stop that interrupts removes the file.
        Thread.currentThread().interrupt();
      } catch (IOException e) {
        progress.say("%s cannot be written: %s", folder.runFile(), e.getMessage());
      }
    }
  }

  /** How to reach the system now. */
  public RunFile runFile() {
    Child front = Objects.requireNonNull(gateway, "the gateway is launched before anybody asks");
    var health = new TreeMap<String, String>(Map.of(front.name(), front.health().toString()));
    workers.forEach(worker -> health.put(worker.name(), worker.health().toString()));
    trainers.forEach(trainer -> health.put(trainer.name(), trainer.health().toString()));
    return new RunFile(
        url.toString(),
        settings.token(),
        new RunFile.S3(
            environment().s3Endpoint().toString(),
            settings.s3AccessKey(),
            settings.s3SecretKey(),
            environment().s3Bucket(),
            environment().s3Region()),
        environment().kafka(),
        "postgresql://%s:%s@127.0.0.1:%d/%s"
            .formatted(
                EmbeddedPostgres.USER,
                settings.postgresPassword(),
                settings.postgresPort(),
                EmbeddedPostgres.DATABASE),
        new RunFile.Pids(
            ProcessHandle.current().pid(),
            front.pid(),
            workers.stream().map(Child::pid).toList(),
            trainers.stream().map(Child::pid).toList()),
        health);
  }

  /** The folder of the log files. */
  public Path logs() {
    return folder.logs();
  }

  /** Stops the processes, then what they stand on; returns when nothing is left. */
  @Override
  public void close() throws IOException, InterruptedException {
    // The interrupt that asked for the stop must not cut it short.
    Thread.interrupted();
    synchronized (this) {
      healthy = false;
    }
    var children = new ArrayList<Child>(workers);
    children.addAll(trainers);
    if (gateway != null) {
      children.add(gateway);
    }
    children.forEach(Child::askToStop);
    Duration limit =
        switch (installation.startUp()) {
          case USE_CACHE -> STOP_LIMIT;
          case RECORD_CACHE -> RECORDING_STOP_LIMIT;
        };
    Instant deadline = Instant.now().plus(limit);
    for (Child child : children) {
      child.awaitEnd(deadline);
    }
    services.close();
    guardian.close();
    Files.deleteIfExists(folder.runFile());
  }
}
