package dev.darkroom.jobs.message;

import dev.darkroom.jobs.job.JobId;

/** A generation job is to be run. */
public record GenerationRequested(int v, JobId jobId, long release) implements JobRequested {}
