package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.JobKind;
import java.time.Instant;
import java.util.Optional;

/**
 * Which page of a tenant's jobs, newest first.
 *
 * @param cursor where the page lies; the newest jobs where there is none
 * @param limit most jobs of the page, 1 to 100
 */
public record JobQuery(
    String tenant,
    JobKind kind,
    Optional<Instant> createdAfter,
    Optional<Instant> createdBefore,
    Optional<Cursor> cursor,
    int limit) {
  public JobQuery {
    if (limit < 1 || limit > 100) {
      throw new IllegalArgumentException("limit: expected 1 to 100, got " + limit);
    }
  }

  /** The first page of a hundred. */
  public static JobQuery newest(String tenant, JobKind kind) {
    return new JobQuery(tenant, kind, Optional.empty(), Optional.empty(), Optional.empty(), 100);
  }
}
