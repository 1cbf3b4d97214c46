package dev.darkroom.jobs.message;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobKind;

/**
 * A job is to be run. It carries no spec: the claim reads that from Postgres, so that what is run
 * is what is stored.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = GenerationRequested.class, name = "generation_requested"),
  @JsonSubTypes.Type(value = TrainingRequested.class, name = "training_requested")
})
public sealed interface JobRequested extends Message
    permits GenerationRequested, TrainingRequested {

  /** The job. */
  JobId jobId();

  /**
   * How often the dispatcher had released the job when it sent this. A record of an earlier release
   * than the job's own is a leftover and is dropped.
   */
  long release();

  /** The request for a job of that kind. */
  static JobRequested of(JobKind kind, JobId jobId, long release) {
    return switch (kind) {
      case GENERATION -> new GenerationRequested(Message.VERSION, jobId, release);
      case TRAINING -> new TrainingRequested(Message.VERSION, jobId, release);
    };
  }
}
