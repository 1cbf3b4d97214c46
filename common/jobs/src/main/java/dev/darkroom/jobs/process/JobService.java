package dev.darkroom.jobs.process;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.queue.Topics;
import dev.darkroom.jobs.store.WorkerStore;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for the database's schema and for Kafka, whichever comes last, then takes jobs until it is
 * closed.
 */
public final class JobService<T extends JobTaker> implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JobService.class);
  private static final Duration AGAIN = Duration.ofMillis(300);

  private final Source source;
  private final DataSource database;
  private final Supplier<T> begin;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread starter;
  private volatile @Nullable T taker;

  /** Where the jobs come from. */
  public record Source(String bootstrapServers, JobKind kind, String pool) {}

  /**
   * Begins to start, and returns at once.
   *
   * @param begin makes what takes the jobs, once all that it needs is there
   */
  public JobService(Source source, DataSource database, Supplier<T> begin) {
    this.source = source;
    this.database = database;
    this.begin = begin;
    starter = Thread.ofPlatform().name("job-service-start").daemon().start(this::start);
  }

  /** What takes the jobs, once it does. */
  public Optional<T> taker() {
    return Optional.ofNullable(taker);
  }

  private void start() {
    try {
      WorkerStore workers = new WorkerStore(database);
      if (await("the database's schema", () -> workers.slots(source.kind(), source.pool()))
          && await("Kafka", this::createTopics)) {
        taker = begin.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void createTopics() {
    try (Topics topics = new Topics(source.bootstrapServers())) {
      topics.create(source.pool());
    }
  }

  /** Tries until it works; false where the service was closed first. */
  private boolean await(String what, Runnable attempt) throws InterruptedException {
    boolean told = false;
    while (closing.getCount() > 0) {
      try {
        attempt.run();
        return true;
      } catch (DarkroomException e) {
        if (!told) {
          LOG.info("Waiting for {}: {}", what, e.getMessage());
          told = true;
        }
      }
      if (closing.await(AGAIN.toMillis(), TimeUnit.MILLISECONDS)) {
        return false;
      }
    }
    return false;
  }

  @Override
  public void close() {
    closing.countDown();
    try {
      starter.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    T started = taker;
    if (started != null) {
      started.close();
    }
  }
}
