package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.JobId;

/** A job that the outbox released: a record with these two is to be published. */
public record Release(JobId jobId, long number) {}
