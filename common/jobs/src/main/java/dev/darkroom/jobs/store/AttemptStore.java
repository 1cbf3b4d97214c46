package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobError;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.job.Outcome;
import dev.darkroom.jobs.spec.JobSpec;
import dev.darkroom.jobs.store.Claiming.Claim;
import dev.darkroom.jobs.store.Claiming.Ended;
import dev.darkroom.jobs.store.Claiming.Held;
import dev.darkroom.jobs.store.Claiming.Reason;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * The worker's side: to claim a job, to stay its owner, to end it. All but the claim match only
 * while the job runs under the caller's attempt, so a worker that was taken for dead changes
 * nothing.
 */
public final class AttemptStore {
  /** Deaths in a row, without progress in between, at which a job fails. */
  public static final int MAX_STRIKES = 2;

  /** Shortages in a row, without progress in between, at which a job fails. */
  public static final int MAX_RETRIES = 5;

  private final Database database;

  public AttemptStore(DataSource source) {
    database = new Database(source);
  }

  /**
   * Claims a job for a worker: one that is dispatched, or one whose worker gave no heartbeat for
   * {@code lease}. Such a takeover is a strike against the job; at {@link #MAX_STRIKES} it fails.
   *
   * @param release of the record that asks for it
   */
  public Claiming claim(JobId id, long release, String worker, Duration lease) {
    return database.transaction(
        connection -> {
          Optional<Claiming> claim = tryClaim(connection, id, release, worker, lease);
          return claim.isPresent() ? claim.get() : refuse(connection, id, release, lease);
        });
  }

  private static Optional<Claiming> tryClaim(
      Connection connection, JobId id, long release, String worker, Duration lease)
      throws SQLException {
    List<Claiming> claims =
        Database.query(
            connection,
            """
            UPDATE jobs
               SET state = 'running', attempt = attempt + 1, worker = ?,
                   strikes = strikes + (state = 'running')::integer,
                   heartbeat_at = clock_timestamp(),
                   started_at = coalesce(started_at, clock_timestamp())
             WHERE id = ? AND release = ?
               AND (state = 'dispatched'
                 OR state = 'running' AND strikes + 1 < ?
                    AND heartbeat_at < clock_timestamp() - make_interval(secs => ?))
            RETURNING attempt, tenant, spec, step, cancel_requested""",
            row ->
                new Claim(
                    id,
                    row.getInt(1),
                    row.getString(2),
                    Json.read(row.getString(3), JobSpec.class),
                    row.getInt(4),
                    row.getBoolean(5)),
            worker,
            id.value(),
            release,
            MAX_STRIKES,
            seconds(lease));
    if (claims.isEmpty()) {
      return Optional.empty();
    }
    int attempt = ((Claim) claims.getFirst()).attempt();
    Database.update(
        connection,
        """
        WITH lost AS (
          UPDATE job_attempts SET ended_at = clock_timestamp(), ending = 'lost'
           WHERE job_id = ? AND attempt = ? - 1 AND ending IS NULL)
        INSERT INTO job_attempts (job_id, attempt, worker) VALUES (?, ?, ?)""",
        id.value(),
        attempt,
        id.value(),
        attempt,
        worker);
    WebhookRows.queue(connection, id, WebhookEvent.START);
    return Optional.of(claims.getFirst());
  }

  private static Claiming refuse(Connection connection, JobId id, long release, Duration lease)
      throws SQLException {
    record Row(
        JobState state,
        int attempt,
        long release,
        int strikes,
        double silence,
        boolean cancelRequested) {}
    List<Row> rows =
        Database.query(
            connection,
            """
            SELECT state, attempt, release, strikes, cancel_requested,
                   coalesce(extract(epoch FROM clock_timestamp() - heartbeat_at), 0) AS silence
              FROM jobs WHERE id = ? FOR UPDATE""",
            row ->
                new Row(
                    JobState.of(row.getString("state")),
                    row.getInt("attempt"),
                    row.getLong("release"),
                    row.getInt("strikes"),
                    row.getDouble("silence"),
                    row.getBoolean("cancel_requested")),
            id.value());
    if (rows.isEmpty()) {
      return new Ended(Reason.UNKNOWN);
    }
    Row job = rows.getFirst();
    if (job.state().isDone()) {
      return new Ended(Reason.DONE);
    }
    if (job.release() != release || job.state() == JobState.QUEUED) {
      return new Ended(Reason.SUPERSEDED);
    }
    double left = seconds(lease) - job.silence();
    if (job.state() == JobState.DISPATCHED || left > 0 || job.strikes() + 1 < MAX_STRIKES) {
      // Alive, or it changed hands between the two statements: ask again.
      return new Held(Duration.ofMillis(Math.max(0, (long) (left * 1000))));
    }
    Outcome outcome =
        job.cancelRequested()
            ? new Outcome.Canceled()
            : new Outcome.Failed(crashed(job.strikes() + 1));
    Ending.end(connection, id, job.attempt(), outcome, Ending.UNTOLD);
    return new Ended(Reason.GIVEN_UP);
  }

  static JobError crashed(int times) {
    return new JobError(
        ErrorCode.WORKER_CRASHED,
        "the process that ran the job died %d times without progress; the job was given up"
            .formatted(times));
  }

  /**
   * Gives signs of life and stores progress and logs.
   *
   * @return for each job that still is the caller's, whether its end was asked for. A job that is
   *     missing was taken over or has ended: its work is to be dropped
   */
  public Map<JobId, Boolean> heartbeat(List<Beat> beats) {
    Map<JobId, Boolean> alive = new HashMap<>();
    database
        .query(
            """
            UPDATE jobs
               SET heartbeat_at = clock_timestamp(), step = beat.step, steps = beat.steps,
                   logs = coalesce(nullif(beat.logs, ''), jobs.logs)
              FROM unnest(?, ?, ?, ?, ?) AS beat (id, attempt, step, steps, logs)
             WHERE jobs.id = beat.id AND jobs.attempt = beat.attempt AND state = 'running'
            RETURNING jobs.id, cancel_requested""",
            row -> Map.entry(new JobId(row.getString(1)), row.getBoolean(2)),
            beats.stream().map(b -> b.jobId().value()).toArray(String[]::new),
            beats.stream().map(Beat::attempt).toArray(Integer[]::new),
            beats.stream().map(Beat::step).toArray(Integer[]::new),
            beats.stream().map(Beat::steps).toArray(Integer[]::new),
            beats.stream()
                .map(b -> Ending.text(new Report(b.logs(), Map.of()).logs()))
                .toArray(String[]::new))
        .forEach(entry -> alive.put(entry.getKey(), entry.getValue()));
    return alive;
  }

  /**
   * Notes that work up to {@code step} is saved for the next attempt: earlier strikes and retries
   * no longer count.
   *
   * @return whether the job still is the caller's
   */
  public boolean progressSaved(JobId id, int attempt, int step) {
    return database.update(
            """
            UPDATE jobs SET strikes = 0, retries = 0, step = ?, heartbeat_at = clock_timestamp()
             WHERE id = ? AND attempt = ? AND state = 'running'""",
            step,
            id.value(),
            attempt)
        == 1;
  }

  /**
   * Ends a job in one transaction: state, result, log, metrics, webhooks, and the version that a
   * training made. A success whose cancel was stored first ends canceled.
   *
   * @return the state it came to, or empty where it is not the caller's any more
   */
  public Optional<JobState> finish(JobId id, int attempt, Outcome outcome, Report report) {
    return database.transaction(connection -> Ending.end(connection, id, attempt, outcome, report));
  }

  /**
   * Hands a job back, unharmed, because this worker stops: whoever gets the record next claims it.
   *
   * @return whether it was the caller's
   */
  public boolean release(JobId id, int attempt) {
    return handBack(id, attempt, "released", 0, "");
  }

  /**
   * Hands a job back because something is short for the moment, or fails it with that error after
   * {@link #MAX_RETRIES}.
   *
   * @return {@code DISPATCHED} or {@code FAILED} (or {@code CANCELED} where that was asked for), or
   *     empty where the job is not the caller's any more
   */
  public Optional<JobState> retry(JobId id, int attempt, JobError error, Report report) {
    return database.transaction(
        connection -> {
          List<Integer> retries =
              Database.query(
                  connection,
                  """
                  SELECT CASE WHEN cancel_requested THEN -1 ELSE retries END FROM jobs
                   WHERE id = ? AND attempt = ? AND state = 'running' FOR UPDATE""",
                  row -> row.getInt(1),
                  id.value(),
                  attempt);
          if (retries.isEmpty()) {
            return Optional.empty();
          }
          if (retries.getFirst() < 0) {
            return Ending.end(connection, id, attempt, new Outcome.Canceled(), report);
          }
          if (retries.getFirst() + 1 >= MAX_RETRIES) {
            return Ending.end(connection, id, attempt, new Outcome.Failed(error), report);
          }
          handBack(connection, id, attempt, "retried", 1, error.message());
          return Optional.of(JobState.DISPATCHED);
        });
  }

  private boolean handBack(JobId id, int attempt, String ending, int retries, String error) {
    return database.transaction(
        connection -> handBack(connection, id, attempt, ending, retries, error));
  }

  private static boolean handBack(
      Connection connection, JobId id, int attempt, String ending, int retries, String error)
      throws SQLException {
    return Database.update(
            connection,
            """
            WITH handed_back AS (
              UPDATE jobs SET state = 'dispatched', worker = NULL, heartbeat_at = NULL,
                              dispatched_at = clock_timestamp(), published_at = clock_timestamp(),
                              retries = retries + ?
               WHERE id = ? AND attempt = ? AND state = 'running' RETURNING id, attempt)
            UPDATE job_attempts a
               SET ended_at = clock_timestamp(), ending = ?, error = nullif(?, '')
              FROM handed_back h WHERE a.job_id = h.id AND a.attempt = h.attempt""",
            retries,
            id.value(),
            attempt,
            ending,
            Ending.text(error))
        == 1;
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1000.0;
  }
}
