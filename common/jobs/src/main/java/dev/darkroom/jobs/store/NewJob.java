package dev.darkroom.jobs.store;

import com.fasterxml.jackson.databind.JsonNode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.Sha256;
import dev.darkroom.jobs.spec.JobSpec;
import java.time.Duration;
import java.util.Optional;

/**
 * A job to insert.
 *
 * @param input what the caller sent, shown again as it is
 * @param priority larger goes first
 * @param source who asked: {@code api}, {@code web}
 * @param cancelAfter how long after its creation the job is ended at the latest
 */
public record NewJob(
    JobId id,
    String tenant,
    String pool,
    int priority,
    JobSpec spec,
    JsonNode input,
    String source,
    Optional<Webhook> webhook,
    Optional<IdempotencyKey> idempotencyKey,
    Optional<Duration> cancelAfter) {

  /**
   * What makes a repeated request the same job.
   *
   * @param key the caller's, unique within a tenant
   * @param body hash of the request that came with it
   */
  public record IdempotencyKey(String key, Sha256 body) {}
}
