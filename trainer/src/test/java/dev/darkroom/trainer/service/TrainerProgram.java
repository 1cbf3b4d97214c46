package dev.darkroom.trainer.service;

import ai.djl.Device;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.objects.ObjectStoreConfig;
import dev.darkroom.jobs.run.StageListener;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.postgresql.ds.PGSimpleDataSource;

/** A trainer in a process of its own, to be killed. */
final class TrainerProgram {
  private TrainerProgram() {}

  /** Starts it with the settings of a site. */
  static Process start(TrainerSettings settings, String databaseUrl) throws java.io.IOException {
    var postgres = dev.darkroom.local.embedded.TestServices.postgres();
    var s3 = dev.darkroom.local.embedded.TestServices.s3();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx512m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dai.djl.offline=true",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            TrainerProgram.class.getName(),
            settings.bootstrapServers(),
            settings.name(),
            settings.pool(),
            settings.cacheDir().toString(),
            databaseUrl,
            postgres.user(),
            postgres.password(),
            s3.endpoint(),
            s3.accessKey(),
            s3.secretKey(),
            s3.bucket(),
            s3.region()));
    return new ProcessBuilder(command).inheritIO().start();
  }

  public static void main(String[] a) throws InterruptedException {
    TrainerSettings settings =
        new TrainerSettings(a[0], a[1], a[2], Site.LEASE, Device.cpu(), 1, Path.of(a[3]), 1 << 30);
    PGSimpleDataSource database = new PGSimpleDataSource();
    database.setUrl(a[4]);
    database.setUser(a[5]);
    database.setPassword(a[6]);
    URI endpoint = URI.create(a[7]);
    ObjectStore objects =
        new ObjectStore(new ObjectStoreConfig(endpoint, endpoint, a[8], a[9], a[10], a[11]));
    TrainingWorker worker = new TrainingWorker(settings, database, objects, StageListener.NONE);
    System.out.println("trainer " + settings.name() + " takes jobs: " + worker.jobs());
    new CountDownLatch(1).await();
  }
}
