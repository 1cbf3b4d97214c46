package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.job.Json;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Jobs as their owners see them: stored, looked up, listed, canceled, expired. */
public final class JobStore {
  private static final String INSERT =
      """
      INSERT INTO jobs (id, tenant, kind, pool, priority, model, version, input, spec, source,
                        webhook_url, webhook_events, steps, idempotency_key, idempotency_hash,
                        deadline)
      SELECT id, tenant, kind, pool, priority, model, version, input::json, spec::json, source,
             webhook_url, string_to_array(webhook_events, ','), 0, key, hash,
             now() + cancel_after * interval '1 second'
        FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AS new
             (id, tenant, kind, pool, priority, model, version, input, spec, source,
              webhook_url, webhook_events, key, hash, cancel_after)
      ON CONFLICT (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
      RETURNING id, created_at""";

  private final Database database;

  public JobStore(DataSource source) {
    database = new Database(source);
  }

  /** Stores a job, durably when this returns; the dispatcher is woken by the commit. */
  public Inserted insert(NewJob job) {
    return insertAll(List.of(job)).getFirst();
  }

  /**
   * Stores jobs in one statement and one commit; the answers are in the order of the jobs. A key
   * that repeats within the list counts as repeated.
   */
  public List<Inserted> insertAll(List<NewJob> jobs) {
    return database.transaction(connection -> insertAll(connection, jobs));
  }

  private static List<Inserted> insertAll(Connection connection, List<NewJob> jobs)
      throws SQLException {
    Map<String, Instant> created = new HashMap<>();
    Database.query(
            connection,
            INSERT,
            row -> Map.entry(row.getString(1), JobRows.instant(row, "created_at").orElseThrow()),
            column(jobs, job -> job.id().value()),
            column(jobs, NewJob::tenant),
            column(jobs, job -> job.spec().kind().text()),
            column(jobs, NewJob::pool),
            jobs.stream().map(NewJob::priority).toArray(Integer[]::new),
            column(jobs, job -> job.spec().model().toString()),
            column(jobs, job -> job.spec().version().hex()),
            column(jobs, job -> Json.write(job.input())),
            column(jobs, job -> Json.write(job.spec())),
            column(jobs, NewJob::source),
            column(jobs, job -> job.webhook().map(Webhook::url).orElse(null)),
            column(jobs, JobStore::events),
            column(jobs, job -> job.idempotencyKey().map(k -> k.key()).orElse(null)),
            column(jobs, job -> job.idempotencyKey().map(k -> k.body().hex()).orElse(null)),
            jobs.stream()
                .map(job -> job.cancelAfter().map(Duration::toSeconds).orElse(null))
                .toArray(Long[]::new))
        .forEach(entry -> created.put(entry.getKey(), entry.getValue()));
    Map<NewJob, Inserted> earlier =
        created.size() == jobs.size()
            ? Map.of()
            : earlier(
                connection,
                jobs.stream().filter(j -> !created.containsKey(j.id().value())).toList());
    List<Inserted> inserted = new ArrayList<>(jobs.size());
    for (NewJob job : jobs) {
      Instant at = created.get(job.id().value());
      inserted.add(
          at != null
              ? new Inserted.Created(job.id(), at)
              : Objects.requireNonNull(earlier.get(job)));
    }
    return inserted;
  }

  private static @Nullable String[] column(
      List<NewJob> jobs, Function<NewJob, @Nullable String> value) {
    return jobs.stream().map(value).toArray(String[]::new);
  }

  private static String events(NewJob job) {
    return job.webhook()
        .map(w -> String.join(",", w.events().stream().map(WebhookEvent::text).toList()))
        .orElse("");
  }

  /** The jobs that hold the keys of those that were not inserted. */
  private static Map<NewJob, Inserted> earlier(Connection connection, List<NewJob> jobs)
      throws SQLException {
    Map<NewJob, Inserted> earlier = new HashMap<>();
    for (NewJob job : jobs) {
      NewJob.IdempotencyKey key = job.idempotencyKey().orElseThrow();
      earlier.put(
          job,
          Database.query(
                  connection,
                  "SELECT id, idempotency_hash FROM jobs WHERE tenant = ? AND idempotency_key = ?",
                  row -> {
                    JobId id = new JobId(row.getString(1));
                    return row.getString(2).equals(key.body().hex())
                        ? new Inserted.Existing(id)
                        : new Inserted.Conflict(id);
                  },
                  job.tenant(),
                  key.key())
              .getFirst());
    }
    return earlier;
  }

  /** A job, with its logs. */
  public Optional<Job> find(JobId id) {
    return database.find(
        "SELECT " + JobRows.LISTED + ", logs FROM jobs WHERE id = ?",
        row -> JobRows.read(row, row.getString("logs")),
        id.value());
  }

  /** A page of a tenant's jobs, without their logs. */
  public Page<Job> list(JobQuery query) {
    boolean backward = query.cursor().map(Cursor::backward).orElse(false);
    StringBuilder sql =
        new StringBuilder("SELECT " + JobRows.LISTED + " FROM jobs WHERE tenant = ? AND kind = ?");
    List<Object> parameters = new ArrayList<>(List.of(query.tenant(), query.kind().text()));
    query
        .createdAfter()
        .ifPresent(
            time -> {
              sql.append(" AND created_at > ?");
              parameters.add(time.atOffset(ZoneOffset.UTC));
            });
    query
        .createdBefore()
        .ifPresent(
            time -> {
              sql.append(" AND created_at < ?");
              parameters.add(time.atOffset(ZoneOffset.UTC));
            });
    query
        .cursor()
        .ifPresent(
            cursor -> {
              sql.append(" AND (created_at, id) %s (?, ?)".formatted(backward ? ">" : "<"));
              parameters.add(cursor.createdAt().atOffset(ZoneOffset.UTC));
              parameters.add(cursor.id());
            });
    String order = backward ? "ASC" : "DESC";
    sql.append(" ORDER BY created_at %s, id %s LIMIT ?".formatted(order, order));
    parameters.add(query.limit() + 1);
    List<Job> rows =
        database.query(sql.toString(), row -> JobRows.read(row, ""), parameters.toArray());
    return Page.of(
        rows,
        query.limit(),
        query.cursor(),
        job -> new Cursor(job.createdAt(), job.id().value(), false));
  }

  /**
   * Ends a waiting job at once, and marks a running one to be ended by its worker. The caller then
   * tells the workers by {@link dev.darkroom.jobs.message.Control.CancelRequested}; a heartbeat
   * tells them too. Once marked, a job cannot succeed any more.
   */
  public Cancellation cancel(JobId id) {
    return database.transaction(
        connection -> {
          List<JobState> moved =
              Database.query(
                  connection,
                  """
                  UPDATE jobs
                     SET state = CASE state WHEN 'running' THEN state ELSE 'canceled' END,
                         completed_at = CASE state WHEN 'running' THEN NULL ELSE clock_timestamp() END,
                         cancel_requested = true
                   WHERE id = ? AND state IN ('queued', 'dispatched', 'running')
                  RETURNING state""",
                  row -> JobState.of(row.getString(1)),
                  id.value());
          if (moved.isEmpty()) {
            boolean known =
                !Database.query(connection, "SELECT 1 FROM jobs WHERE id = ?", row -> 1, id.value())
                    .isEmpty();
            return known ? Cancellation.DONE_BEFORE : Cancellation.UNKNOWN;
          }
          if (moved.getFirst() == JobState.RUNNING) {
            return Cancellation.REQUESTED;
          }
          WebhookRows.queue(connection, id, WebhookEvent.COMPLETED);
          return Cancellation.CANCELED;
        });
  }

  /** Jobs past their deadline that nobody has canceled yet; each is to be canceled next. */
  public List<JobId> overdue(int limit) {
    return database.query(
        """
        SELECT id FROM jobs
         WHERE deadline < clock_timestamp() AND completed_at IS NULL AND NOT cancel_requested
         ORDER BY deadline LIMIT ?""",
        row -> new JobId(row.getString(1)),
        limit);
  }

  /** Jobs that ended longer ago than {@code age}, oldest first. */
  public List<JobId> expired(Duration age, int limit) {
    return database.query(
        """
        SELECT id FROM jobs WHERE completed_at < now() - make_interval(secs => ?)
         ORDER BY completed_at LIMIT ?""",
        row -> new JobId(row.getString(1)),
        age.toSeconds(),
        limit);
  }

  /** Deletes jobs that have ended, with all rows that hang on them. */
  public void delete(List<JobId> jobs) {
    database.update(
        "DELETE FROM jobs WHERE id = ANY (?) AND completed_at IS NOT NULL", (Object) ids(jobs));
  }

  /** Trainings that ended longer ago than {@code age} and may have left objects behind. */
  public List<JobId> untidied(Duration age, int limit) {
    return database.query(
        """
        SELECT id FROM jobs
         WHERE kind = 'training' AND NOT tidied
           AND completed_at < now() - make_interval(secs => ?)
         ORDER BY completed_at LIMIT ?""",
        row -> new JobId(row.getString(1)),
        age.toSeconds(),
        limit);
  }

  /** Notes that the objects that {@link #untidied} trainings left behind are deleted. */
  public void tidied(List<JobId> jobs) {
    database.update("UPDATE jobs SET tidied = true WHERE id = ANY (?)", (Object) ids(jobs));
  }

  private static String[] ids(List<JobId> jobs) {
    return jobs.stream().map(JobId::value).toArray(String[]::new);
  }

  /** The changes of a job's state since it was queued, in their order. */
  public List<Change> history(JobId id) {
    return database.query(
        "SELECT state, attempt, at FROM job_events WHERE job_id = ? ORDER BY id",
        row ->
            new Change(
                JobState.of(row.getString(1)),
                row.getInt(2),
                row.getObject(3, OffsetDateTime.class).toInstant()),
        id.value());
  }

  /** A job came to a state under an attempt. */
  public record Change(JobState state, int attempt, Instant at) {}
}
