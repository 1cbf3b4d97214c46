package dev.darkroom.jobs.store;

import dev.darkroom.jobs.Specs;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.message.Topic;
import dev.darkroom.jobs.spec.JobSpec;
import dev.darkroom.local.embedded.TestServices;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.postgresql.ds.PGPoolingDataSource;

/** A migrated database of its own on the test JVM's Postgres, and the stores over it. */
public final class TestDatabase implements AutoCloseable {
  public final DataSource source;
  public final JobStore jobs;
  public final Outbox outbox;
  public final AttemptStore attempts;
  public final WebhookStore webhooks;
  public final ModelRegistry models;
  public final FileStore files;
  public final TokenStore tokens;
  public final WorkerStore workers;

  private final Runnable close;

  private TestDatabase(DataSource source, Runnable close) {
    this.source = source;
    this.close = close;
    jobs = new JobStore(source);
    outbox = new Outbox(source);
    attempts = new AttemptStore(source);
    webhooks = new WebhookStore(source);
    models = new ModelRegistry(source);
    files = new FileStore(source);
    tokens = new TokenStore(source);
    workers = new WorkerStore(source);
  }

  public static TestDatabase create() {
    return at(TestServices.postgres().freshDatabase());
  }

  /** The driver's own pool is deprecated for production; for tests it saves a library. */
  @SuppressWarnings("deprecation")
  public static TestDatabase at(String url) {
    PGPoolingDataSource source = new PGPoolingDataSource();
    source.setMaxConnections(16);
    source.setUrl(url);
    // The pool forgets itself by its name when it is closed.
    source.setDataSourceName(url);
    source.setUser(TestServices.postgres().user());
    source.setPassword(TestServices.postgres().password());
    Flyway.configure().dataSource(source).load().migrate();
    return new TestDatabase(source, source::close);
  }

  /** Gives its connections back: the test JVM's Postgres has no room for those of all tests. */
  @Override
  public void close() {
    close.run();
  }

  public static NewJob job(JobSpec spec) {
    return new NewJob(
        JobId.next(),
        "default",
        Topic.DEFAULT_POOL,
        0,
        spec,
        Json.tree("{\"prompt\":\"as sent\"}"),
        "api",
        Optional.of(new Webhook("https://example.com/hook", EnumSet.allOf(WebhookEvent.class))),
        Optional.empty(),
        Optional.empty());
  }

  public JobId queued() {
    NewJob job = job(Specs.generation("a red apple"));
    jobs.insert(job);
    return job.id();
  }

  /** A queued job that is to be ended so long after its creation. */
  public JobId lasting(Duration time) {
    NewJob any = job(Specs.generation("a red apple"));
    NewJob job =
        new NewJob(
            any.id(),
            any.tenant(),
            any.pool(),
            any.priority(),
            any.spec(),
            any.input(),
            any.source(),
            any.webhook(),
            any.idempotencyKey(),
            Optional.of(time));
    jobs.insert(job);
    return job.id();
  }

  /** A job that is dispatched, and the release of its record. */
  public Release dispatched() {
    JobId id = queued();
    List<Release> releases = outbox.take(JobKind.GENERATION, Topic.DEFAULT_POOL, 1_000_000);
    return releases.stream().filter(r -> r.jobId().equals(id)).findFirst().orElseThrow();
  }

  /** A job that runs under its first attempt. */
  public Claiming.Claim running() {
    Release release = dispatched();
    return (Claiming.Claim)
        attempts.claim(release.jobId(), release.number(), "first", Duration.ofSeconds(15));
  }

  /** Makes a job's last heartbeat so much older, by the database's clock. */
  public void age(JobId id, Duration age) {
    execute(
        "UPDATE jobs SET heartbeat_at = heartbeat_at - interval '%d ms' WHERE id = '%s'"
            .formatted(age.toMillis(), id));
  }

  public void execute(String sql) {
    try (Connection connection = source.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new AssertionError(sql, e);
    }
  }

  public long count(String sql) {
    return new Database(source).find(sql, row -> row.getLong(1)).orElseThrow();
  }
}
