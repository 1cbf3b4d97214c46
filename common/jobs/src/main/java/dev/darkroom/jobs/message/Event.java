package dev.darkroom.jobs.message;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.job.OutputFile;
import java.time.Instant;
import java.util.Map;

/**
 * What a job tells while it runs, for live views. Nothing depends on an event: whatever must last
 * is in Postgres or in the object store when the event is sent.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Event.StateChanged.class, name = "state_changed"),
  @JsonSubTypes.Type(value = Event.Progress.class, name = "progress"),
  @JsonSubTypes.Type(value = Event.LogLine.class, name = "log_line"),
  @JsonSubTypes.Type(value = Event.Preview.class, name = "preview"),
  @JsonSubTypes.Type(value = Event.Metric.class, name = "metric"),
  @JsonSubTypes.Type(value = Event.OutputReady.class, name = "output_ready")
})
public sealed interface Event extends Message {

  /** The job it is about; the record's key. */
  JobId jobId();

  /** The attempt that tells it; a view drops those of an attempt below one it has seen. */
  int attempt();

  /** When it happened, by the sender's clock. */
  Instant at();

  /** The job is in another state, already committed. */
  record StateChanged(int v, JobId jobId, int attempt, Instant at, JobState state)
      implements Event {}

  /** {@code step} of {@code steps} are done. */
  record Progress(int v, JobId jobId, int attempt, Instant at, int step, int steps)
      implements Event {}

  /** A line of the job's log, without its end of line. */
  record LogLine(int v, JobId jobId, int attempt, Instant at, String line) implements Event {}

  /**
   * What output {@code index} looks like at {@code step}: a small image, as base64 in JSON.
   *
   * @param contentType {@code image/jpeg} or {@code image/png}
   */
  record Preview(
      int v,
      JobId jobId,
      int attempt,
      Instant at,
      int index,
      int step,
      String contentType,
      byte[] image)
      implements Event {
    /** Largest preview, in bytes; a larger one is not sent. */
    public static final int MAX_BYTES = 256 * 1024;
  }

  /** Numbers of a training at {@code step}: losses, learning rate, seconds a step. */
  record Metric(int v, JobId jobId, int attempt, Instant at, int step, Map<String, Double> values)
      implements Event {
    public Metric {
      values = Map.copyOf(values);
    }
  }

  /** A file of the job lies in the object store. The job may still fail. */
  record OutputReady(int v, JobId jobId, int attempt, Instant at, OutputFile file)
      implements Event {}
}
