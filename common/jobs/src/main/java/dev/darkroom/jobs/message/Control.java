package dev.darkroom.jobs.message;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.darkroom.jobs.job.JobId;

/**
 * What every worker hears. Each is a row in Postgres first: one that misses the record learns of it
 * from its next heartbeat.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Control.CancelRequested.class, name = "cancel_requested")
})
public sealed interface Control extends Message {

  /** The job it is about. */
  JobId jobId();

  /** The job's owner asked for its end. */
  record CancelRequested(int v, JobId jobId) implements Control {
    public CancelRequested(JobId jobId) {
      this(VERSION, jobId);
    }
  }
}
