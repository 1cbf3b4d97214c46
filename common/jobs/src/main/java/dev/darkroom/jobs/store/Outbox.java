package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.job.Outcome;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.sql.DataSource;

/**
 * The dispatcher's side: which jobs go to Kafka next, and which come back because their record or
 * their worker was lost. A job is marked before it is published; a crash in between is found by
 * {@link #rescue}.
 */
public final class Outbox {
  private final Database database;

  public Outbox(DataSource source) {
    database = new Database(source);
  }

  /**
   * How long a job may stand still before it is queued again.
   *
   * @param unpublished since it was released, where nobody confirmed the record
   * @param unclaimed since it was released, where no worker claimed it: the record may be lost. One
   *     that was not lost is dropped later, as an earlier release
   * @param silent since the last heartbeat, where no other worker took over: longer than the lease
   */
  public record Patience(Duration unpublished, Duration unclaimed, Duration silent) {
    public static final Patience STANDARD =
        new Patience(Duration.ofSeconds(5), Duration.ofMinutes(2), Duration.ofSeconds(60));
  }

  /**
   * Releases waiting jobs in the order of priority, then age, until {@code window} of the pool are
   * dispatched and not yet claimed. One gateway at a time does so for a pool.
   *
   * @return what is to be published, in order
   */
  public List<Release> take(JobKind kind, String pool, int window) {
    return database.transaction(
        connection -> {
          Database.query(
              connection,
              "SELECT pg_advisory_xact_lock(hashtextextended('dispatch.' || ? || '.' || ?, 0))",
              row -> 1,
              kind.text(),
              pool);
          return take(connection, kind, pool, window);
        });
  }

  /**
   * Three small statements: in one, Postgres joins what is taken with all that wait, so that every
   * look at a full window read the whole queue.
   */
  private static List<Release> take(Connection connection, JobKind kind, String pool, int window)
      throws SQLException {
    long room = window - dispatched(connection, kind, pool);
    if (room <= 0) {
      return List.of();
    }
    List<String> next =
        Database.query(
            connection,
            """
            SELECT id FROM jobs WHERE state = 'queued' AND kind = ? AND pool = ?
             ORDER BY priority DESC, created_at, id LIMIT ? FOR UPDATE SKIP LOCKED""",
            row -> row.getString(1),
            kind.text(),
            pool,
            room);
    if (next.isEmpty()) {
      return List.of();
    }
    Map<String, Release> released = new HashMap<>();
    Database.query(
            connection,
            """
            UPDATE jobs SET state = 'dispatched', release = release + 1,
                            dispatched_at = clock_timestamp(), published_at = NULL
             WHERE id = ANY (?) AND state = 'queued'
            RETURNING id, release""",
            row -> new Release(new JobId(row.getString(1)), row.getLong(2)),
            (Object) next.toArray(String[]::new))
        .forEach(release -> released.put(release.jobId().value(), release));
    return next.stream().map(released::get).filter(Objects::nonNull).toList();
  }

  private static long dispatched(Connection connection, JobKind kind, String pool)
      throws SQLException {
    return Database.query(
            connection,
            "SELECT count(*) FROM jobs WHERE state = 'dispatched' AND kind = ? AND pool = ?",
            row -> row.getLong(1),
            kind.text(),
            pool)
        .getFirst();
  }

  /** Notes that Kafka has the records. One that was lost before is published again by a rescue. */
  public void published(List<Release> releases) {
    database.update(
        """
        UPDATE jobs SET published_at = clock_timestamp()
          FROM unnest(?, ?) AS sent (id, number)
         WHERE jobs.id = sent.id AND release = number AND state = 'dispatched'""",
        releases.stream().map(r -> r.jobId().value()).toArray(String[]::new),
        releases.stream().map(Release::number).toArray(Long[]::new));
  }

  /** Queues releases again that Kafka did not take. */
  public void refused(List<Release> releases) {
    database.update(
        """
        UPDATE jobs SET state = 'queued'
          FROM unnest(?, ?) AS sent (id, number)
         WHERE jobs.id = sent.id AND release = number AND state = 'dispatched'""",
        releases.stream().map(r -> r.jobId().value()).toArray(String[]::new),
        releases.stream().map(Release::number).toArray(Long[]::new));
  }

  /**
   * Queues again, or ends, what stands still; called every few seconds by every gateway.
   *
   * @return the jobs that were moved and where to
   */
  public Map<JobId, JobState> rescue(Patience patience) {
    return database.transaction(
        connection -> {
          Map<JobId, JobState> moved = new LinkedHashMap<>();
          for (JobId id : unclaimed(connection, patience)) {
            moved.put(id, JobState.QUEUED);
          }
          moved.putAll(silent(connection, patience.silent()));
          return moved;
        });
  }

  private static List<JobId> unclaimed(Connection connection, Patience patience)
      throws SQLException {
    return Database.query(
        connection,
        """
        UPDATE jobs SET state = 'queued' WHERE state = 'dispatched' AND id IN (
          SELECT id FROM jobs WHERE state = 'dispatched'
             AND (dispatched_at < clock_timestamp() - make_interval(secs => ?)
               OR dispatched_at < clock_timestamp() - make_interval(secs => ?)
                  AND published_at IS NULL)
             FOR UPDATE SKIP LOCKED)
        RETURNING id""",
        row -> new JobId(row.getString(1)),
        seconds(patience.unclaimed()),
        seconds(patience.unpublished()));
  }

  private static Map<JobId, JobState> silent(Connection connection, Duration silence)
      throws SQLException {
    record Silent(JobId id, int attempt, int strikes, boolean cancelRequested) {}
    List<Silent> found =
        Database.query(
            connection,
            """
            SELECT id, attempt, strikes, cancel_requested FROM jobs
             WHERE state = 'running' AND heartbeat_at < clock_timestamp() - make_interval(secs => ?)
               FOR UPDATE SKIP LOCKED""",
            row ->
                new Silent(
                    new JobId(row.getString(1)), row.getInt(2), row.getInt(3), row.getBoolean(4)),
            seconds(silence));
    Map<JobId, JobState> moved = new LinkedHashMap<>();
    List<String> again = new ArrayList<>();
    for (Silent job : found) {
      if (job.cancelRequested()) {
        Ending.end(connection, job.id(), job.attempt(), new Outcome.Canceled(), Ending.UNTOLD);
        moved.put(job.id(), JobState.CANCELED);
      } else if (job.strikes() + 1 >= AttemptStore.MAX_STRIKES) {
        Outcome crashed = new Outcome.Failed(AttemptStore.crashed(job.strikes() + 1));
        Ending.end(connection, job.id(), job.attempt(), crashed, Ending.UNTOLD);
        moved.put(job.id(), JobState.FAILED);
      } else {
        again.add(job.id().value());
        moved.put(job.id(), JobState.QUEUED);
      }
    }
    Database.update(
        connection,
        """
        WITH lost AS (
          UPDATE jobs SET state = 'queued', strikes = strikes + 1, worker = NULL, heartbeat_at = NULL
           WHERE id = ANY (?) AND state = 'running' RETURNING id, attempt)
        UPDATE job_attempts a SET ended_at = clock_timestamp(), ending = 'lost'
          FROM lost WHERE a.job_id = lost.id AND a.attempt = lost.attempt""",
        (Object) again.toArray(String[]::new));
    return moved;
  }

  /** How many jobs of a pool are in each state that is not an end. */
  public Map<JobState, Long> depth(JobKind kind, String pool) {
    Map<JobState, Long> depth = new EnumMap<>(JobState.class);
    database
        .query(
            """
            SELECT state, count(*) FROM jobs
             WHERE state IN ('queued', 'dispatched', 'running') AND kind = ? AND pool = ?
             GROUP BY state""",
            row -> Map.entry(JobState.of(row.getString(1)), row.getLong(2)),
            kind.text(),
            pool)
        .forEach(entry -> depth.put(entry.getKey(), entry.getValue()));
    return depth;
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1000.0;
  }
}
