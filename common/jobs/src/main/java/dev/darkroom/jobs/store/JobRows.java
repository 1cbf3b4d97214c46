package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobError;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.Result;
import dev.darkroom.jobs.job.Sha256;
import dev.darkroom.jobs.spec.JobSpec;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads rows of the table {@code jobs}. */
final class JobRows {
  /** The columns of {@link #read}, without the logs, which a list leaves out. */
  static final String LISTED =
      """
      id, tenant, kind, pool, priority, state, model, version, input, spec, source, webhook_url,
      webhook_events, attempt, cancel_requested, step, steps, metrics, result, error_code,
      error_message, created_at, started_at, completed_at, deadline""";

  private JobRows() {}

  static Job read(ResultSet row, String logs) throws SQLException {
    String url = row.getString("webhook_url");
    String result = row.getString("result");
    String error = row.getString("error_code");
    return new Job(
        new JobId(row.getString("id")),
        row.getString("tenant"),
        JobKind.of(row.getString("kind")),
        row.getString("pool"),
        row.getInt("priority"),
        JobState.of(row.getString("state")),
        ModelName.parse(row.getString("model")),
        new Sha256(row.getString("version")),
        Json.tree(row.getString("input")),
        Json.read(row.getString("spec"), JobSpec.class),
        row.getString("source"),
        url == null ? Optional.empty() : Optional.of(new Webhook(url, events(row))),
        row.getInt("attempt"),
        row.getBoolean("cancel_requested"),
        row.getInt("step"),
        row.getInt("steps"),
        logs,
        metrics(row.getString("metrics")),
        result == null ? Optional.empty() : Optional.of(Json.read(result, Result.class)),
        error == null
            ? Optional.empty()
            : Optional.of(new JobError(ErrorCode.of(error), row.getString("error_message"))),
        instant(row, "created_at").orElseThrow(),
        instant(row, "started_at"),
        instant(row, "completed_at"),
        instant(row, "deadline"));
  }

  static Optional<Instant> instant(ResultSet row, String column) throws SQLException {
    @Nullable OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
    return Optional.ofNullable(time).map(OffsetDateTime::toInstant);
  }

  private static Set<WebhookEvent> events(ResultSet row) throws SQLException {
    String[] names = (String[]) row.getArray("webhook_events").getArray();
    return Arrays.stream(names).map(WebhookEvent::of).collect(Collectors.toUnmodifiableSet());
  }

  private static Map<String, Double> metrics(String json) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    Json.tree(json).properties().forEach(e -> metrics.put(e.getKey(), e.getValue().asDouble()));
    return metrics;
  }
}
