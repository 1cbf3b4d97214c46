package dev.darkroom.jobs.store;

import dev.darkroom.jobs.job.JobId;

/**
 * A sign of life.
 *
 * @param step of {@code steps} that are done
 * @param logs the end of the job's log
 */
public record Beat(JobId jobId, int attempt, int step, int steps, String logs) {}
