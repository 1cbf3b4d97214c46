package dev.darkroom.jobs.message;

import dev.darkroom.jobs.job.JobId;

/** A training job is to be run. */
public record TrainingRequested(int v, JobId jobId, long release) implements JobRequested {}
