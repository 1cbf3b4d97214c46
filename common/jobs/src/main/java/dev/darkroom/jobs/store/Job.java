package dev.darkroom.jobs.store;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.jobs.job.JobError;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.Result;
import dev.darkroom.jobs.job.Sha256;
import dev.darkroom.jobs.spec.JobSpec;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A job as it is stored.
 *
 * @param attempt how often it was claimed
 * @param step of {@code steps} that are done, as of the last heartbeat; 0 of 0 before the first
 * @param logs the end of its log; empty in lists
 * @param metrics what its runner measured, by name
 * @param result where it succeeded
 * @param error where it failed
 * @param deadline when it is ended at the latest, where its owner said so
 */
public record Job(
    JobId id,
    String tenant,
    JobKind kind,
    String pool,
    int priority,
    JobState state,
    ModelName model,
    Sha256 version,
    JsonNode input,
    JobSpec spec,
    String source,
    Optional<Webhook> webhook,
    int attempt,
    boolean cancelRequested,
    int step,
    int steps,
    String logs,
    Map<String, Double> metrics,
    Optional<Result> result,
    Optional<JobError> error,
    Instant createdAt,
    Optional<Instant> startedAt,
    Optional<Instant> completedAt,
    Optional<Instant> deadline) {

  /** A new job as it lies in the queue, without a look-up. */
  public static Job queued(NewJob job, Instant createdAt) {
    return new Job(
        job.id(),
        job.tenant(),
        job.spec().kind(),
        job.pool(),
        job.priority(),
        JobState.QUEUED,
        job.spec().model(),
        job.spec().version(),
        job.input(),
        job.spec(),
        job.source(),
        job.webhook(),
        0,
        false,
        0,
        0,
        "",
        Map.of(),
        Optional.empty(),
        Optional.empty(),
        createdAt,
        Optional.empty(),
        Optional.empty(),
        job.cancelAfter().map(createdAt::plus));
  }

  /** Whether it was ended by its {@link #deadline} and never began. */
  public boolean isAborted() {
    return state == JobState.CANCELED
        && startedAt.isEmpty()
        && deadline.isPresent()
        && completedAt.filter(end -> !end.isBefore(deadline.get())).isPresent();
  }
}
