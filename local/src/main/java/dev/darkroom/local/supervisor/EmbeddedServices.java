package dev.darkroom.local.supervisor;

import dev.darkroom.local.embedded.EmbeddedKafka;
import dev.darkroom.local.embedded.EmbeddedPostgres;
import dev.darkroom.local.embedded.EmbeddedS3;
import dev.darkroom.local.embedded.EmbeddedServiceException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/**
 * Kafka, Postgres and S3 of one data folder: started side by side; a Postgres that dies is started
 * again.
 */
final class EmbeddedServices implements AutoCloseable {
  private final DataFolder folder;
  private final Settings settings;
  private final Guardian guardian;
  private final Progress progress;
  private final CompletableFuture<EmbeddedPostgres> postgres;
  private final CompletableFuture<EmbeddedS3> s3;
  private final CompletableFuture<EmbeddedKafka> kafka;
  private volatile boolean stopping;

  /** The Postgres of this moment: another one after it died. */
  private volatile CompletableFuture<EmbeddedPostgres> currentPostgres;

  EmbeddedServices(DataFolder folder, Settings settings, Guardian guardian, Progress progress) {
    this.folder = folder;
    this.settings = settings;
    this.guardian = guardian;
    this.progress = progress;
    this.postgres = begin("Postgres", this::startPostgres);
    this.currentPostgres = postgres;
    this.kafka = begin("Kafka", () -> EmbeddedKafka.start(folder.kafka(), settings.kafkaPort()));
    this.s3 =
        begin(
            "S3",
            () ->
                EmbeddedS3.start(
                    folder.s3(),
                    settings.s3Port(),
                    settings.s3AccessKey(),
                    settings.s3SecretKey()));
  }

  private <T> CompletableFuture<T> begin(String name, Supplier<T> start) {
    var result = new CompletableFuture<T>();
    Thread.ofPlatform()
        .daemon()
        .name("start of " + name)
        .start(
            () -> {
              try {
                result.complete(start.get());
                progress.say("%s is up", name);
              } catch (RuntimeException e) {
                result.completeExceptionally(e);
              }
            });
    return result;
  }

  private EmbeddedPostgres startPostgres() {
    var started =
        EmbeddedPostgres.start(
            folder.postgres(), settings.postgresPort(), settings.postgresPassword());
    guardian.add(started.pid());
    started
        .onExit()
        .thenAccept(
            ended -> {
              if (!stopping) {
                guardian.remove(ended.pid());
                progress.say("Postgres ended with status %d; it starts again", ended.exitValue());
                currentPostgres = begin("Postgres", this::startPostgres);
              }
            });
    return started;
  }

  EmbeddedPostgres awaitPostgres() throws InterruptedException {
    return await(postgres);
  }

  EmbeddedKafka awaitKafka() throws InterruptedException {
    return await(kafka);
  }

  EmbeddedS3 awaitS3() throws InterruptedException {
    return await(s3);
  }

  private static <T> T await(CompletableFuture<T> start) throws InterruptedException {
    try {
      return start.get();
    } catch (ExecutionException e) {
      throw new SupervisorException(
          String.valueOf(e.getCause() == null ? e : e.getCause().getMessage()), e);
    }
  }

  /** Stops the three side by side. One that never came up has nothing to stop. */
  @Override
  public void close() {
    stopping = true;
    CompletableFuture.allOf(stop("Kafka", kafka), stop("S3", s3), stop("Postgres", currentPostgres))
        .join();
  }

  private CompletableFuture<Void> stop(
      String name, CompletableFuture<? extends AutoCloseable> service) {
    return service
        .<AutoCloseable>thenApply(started -> started)
        .exceptionally(neverStarted -> () -> {})
        .thenAcceptAsync(
            started -> {
              try {
                started.close();
              } catch (EmbeddedServiceException e) {
                progress.say("%s", e.getMessage());
              } catch (Exception e) {
                progress.say("%s does not stop cleanly: %s", name, e.getMessage());
              }
            },
            stopper -> Thread.ofPlatform().name("stop of " + name).start(stopper));
  }
}
