package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.JobError;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.job.Outcome;
import dev.darkroom.jobs.job.Result;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The one place where a running job ends: its state, result, log, attempt, webhooks and the version
 * it made, in the caller's transaction, or nothing of it where the attempt is not the job's any
 * more.
 */
final class Ending {
  /** Of a job whose worker is gone: what the heartbeats stored is all there is. */
  static final Report UNTOLD = new Report("", Map.of());

  private Ending() {}

  /** The state that the job came to, or empty where the write was fenced off. */
  static Optional<JobState> end(
      Connection connection, JobId id, int attempt, Outcome outcome, Report report)
      throws SQLException {
    List<Boolean> canceled =
        Database.query(
            connection,
            """
            SELECT cancel_requested FROM jobs
             WHERE id = ? AND attempt = ? AND state = 'running' FOR UPDATE""",
            row -> row.getBoolean(1),
            id.value(),
            attempt);
    if (canceled.isEmpty()) {
      return Optional.empty();
    }
    // The row decides who was first: a job whose cancel is stored must not succeed afterwards.
    Outcome actual =
        canceled.getFirst() && outcome instanceof Outcome.Succeeded
            ? new Outcome.Canceled()
            : outcome;
    write(connection, id, attempt, actual, report);
    if (actual instanceof Outcome.Succeeded(Result.Trained trained)) {
      ModelRegistry.register(connection, trained, id);
    }
    if (actual instanceof Outcome.Succeeded(Result.Images images)) {
      WebhookRows.queue(connection, id, WebhookEvent.OUTPUT);
    }
    WebhookRows.queue(connection, id, WebhookEvent.COMPLETED);
    return Optional.of(actual.state());
  }

  private static void write(
      Connection connection, JobId id, int attempt, Outcome outcome, Report report)
      throws SQLException {
    @Nullable String result =
        outcome instanceof Outcome.Succeeded succeeded ? Json.write(succeeded.result()) : null;
    @Nullable JobError error = outcome instanceof Outcome.Failed failed ? failed.error() : null;
    Database.update(
        connection,
        """
        WITH ended AS (
          UPDATE jobs
             SET state = ?, result = ?::json, error_code = ?, error_message = ?,
                 logs = coalesce(nullif(?, ''), logs), metrics = ?::json, worker = NULL,
                 heartbeat_at = NULL, completed_at = clock_timestamp()
           WHERE id = ? AND attempt = ? AND state = 'running'
          RETURNING id, attempt, state, error_message)
        UPDATE job_attempts a SET ended_at = clock_timestamp(), ending = state, error = error_message
          FROM ended WHERE a.job_id = ended.id AND a.attempt = ended.attempt""",
        outcome.state().text(),
        result,
        error == null ? null : error.code().text(),
        error == null ? null : text(error.message()),
        text(report.logs()),
        Json.write(report.metrics()),
        id.value(),
        attempt);
  }

  /** Postgres keeps no NUL in text. */
  static String text(String text) {
    return text.replace('\0', '\uFFFD');
  }
}
