package dev.darkroom.worker.service;

import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.objects.ObjectStoreConfig;
import dev.darkroom.jobs.process.JobService;
import dev.darkroom.jobs.run.CrashPoint;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.postgresql.ds.PGSimpleDataSource;

/** A worker in a process of its own, without a container around it. SIGTERM drains it. */
public final class WorkerMain {
  private WorkerMain() {}

  public static void main(String[] args) throws InterruptedException {
    PGSimpleDataSource database = new PGSimpleDataSource();
    database.setUrl(System.getenv("POSTGRES_URL"));
    database.setUser(System.getenv("POSTGRES_USER"));
    database.setPassword(System.getenv("POSTGRES_PASSWORD"));
    URI s3 = URI.create(System.getenv("S3_ENDPOINT"));
    ObjectStore objects =
        new ObjectStore(
            new ObjectStoreConfig(
                s3,
                s3,
                System.getenv("S3_ACCESS_KEY"),
                System.getenv("S3_SECRET_KEY"),
                System.getenv("S3_BUCKET"),
                System.getenv("S3_REGION")));
    WorkerSettings settings =
        new WorkerSettings(
            System.getenv("KAFKA"),
            System.getenv("NAME"),
            System.getenv("POOL"),
            2,
            2,
            Duration.ofSeconds(2),
            Duration.ZERO,
            ai.djl.Device.cpu(),
            dev.darkroom.diffusion.pipeline.Precision.FLOAT32,
            1 << 30,
            Path.of(System.getenv("CACHE")),
            1 << 30);
    JobService<GenerationWorker> service =
        new JobService<>(
            new JobService.Source(settings.bootstrapServers(), JobKind.GENERATION, settings.pool()),
            database,
            () ->
                new GenerationWorker(settings, database, objects, CrashPoint.fromSystemProperty()));
    Runtime.getRuntime().addShutdownHook(new Thread(service::close));
    new CountDownLatch(1).await();
  }
}
