package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.JobKind;
import java.time.Instant;

/** A process that runs jobs, as it last told. */
public record Worker(
    String name,
    JobKind kind,
    String pool,
    int slots,
    int busy,
    Instant startedAt,
    Instant seenAt) {}
