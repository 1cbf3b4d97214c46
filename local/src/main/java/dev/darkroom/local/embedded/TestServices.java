package dev.darkroom.local.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One Kafka, one Postgres and one S3 for all the tests of a JVM, each started by the first test
 * that asks for it.
 *
 * <p>They live in a temporary folder and are stopped and deleted when the JVM ends. Tests keep
 * apart by names of their own: {@link EmbeddedPostgres#freshDatabase()}, topics and groups, object
 * keys.
 */
public final class TestServices {
  private static final String SECRET = "secret-of-this-test-jvm";
  private static final Path FOLDER = createFolder();
  private static final Lazy<EmbeddedKafka> KAFKA =
      new Lazy<>(() -> EmbeddedKafka.start(FOLDER.resolve("kafka"), 0));
  private static final Lazy<EmbeddedPostgres> POSTGRES =
      new Lazy<>(() -> EmbeddedPostgres.start(FOLDER.resolve("postgres"), 0, SECRET));
  private static final Lazy<EmbeddedS3> S3 =
      new Lazy<>(() -> EmbeddedS3.start(FOLDER.resolve("s3"), 0, "darkroom-tests", SECRET));

  private TestServices() {}

  public static EmbeddedKafka kafka() {
    return KAFKA.get();
  }

  public static EmbeddedPostgres postgres() {
    return POSTGRES.get();
  }

  public static EmbeddedS3 s3() {
    return S3.get();
  }

  private static Path createFolder() {
    try {
      Path folder = Files.createTempDirectory("darkroom-tests-");
      Runtime.getRuntime().addShutdownHook(new Thread(TestServices::stop, "test-services"));
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void stop() {
    KAFKA.close();
    S3.close();
    POSTGRES.close();
    try (var files = Files.walk(FOLDER)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts at the first {@code get}, once; a service that nobody asked for is never started. */
  private static final class Lazy<T extends AutoCloseable> {
    private final Supplier<T> start;
    private @Nullable T started;

    Lazy(Supplier<T> start) {
      this.start = start;
    }

    synchronized T get() {
      T service = started;
      if (service == null) {
        service = start.get();
        started = service;
      }
      return service;
    }

    synchronized void close() {
      if (started != null) {
        try {
          started.close();
        } catch (Exception e) {
          throw new EmbeddedServiceException("a test service does not stop: " + e.getMessage(), e);
        }
      }
    }
  }
}
