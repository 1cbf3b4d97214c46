package dev.darkroom.jobs.run;

import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.OutputFile;
import dev.darkroom.jobs.message.Event;
import dev.darkroom.jobs.message.Message;
import dev.darkroom.jobs.objects.ObjectLayout;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.objects.StoredObject;
import dev.darkroom.jobs.queue.EventPublisher;
import dev.darkroom.jobs.spec.JobSpec;
import dev.darkroom.jobs.store.AttemptStore;
import dev.darkroom.jobs.store.Beat;
import dev.darkroom.jobs.store.Claiming.Claim;
import dev.darkroom.jobs.store.Report;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What a running job may ask and tell. What it tells is live only, and may be lost, but for its
 * log, its progress and its files. Safe for use by several threads.
 */
public final class JobContext<S extends JobSpec> {
  private final Claim claim;
  private final S spec;
  private final AttemptStore attempts;
  private final ObjectStore objects;
  private final EventPublisher events;
  private final Clock clock;
  private final JobLog log = new JobLog();
  private final Map<String, Double> metrics = new ConcurrentHashMap<>();
  private final CompletableFuture<StopReason> stop = new CompletableFuture<>();

  JobContext(
      Claim claim,
      S spec,
      AttemptStore attempts,
      ObjectStore objects,
      EventPublisher events,
      Clock clock) {
    this.claim = claim;
    this.spec = spec;
    this.attempts = attempts;
    this.objects = objects;
    this.events = events;
    this.clock = clock;
  }

  /** The job. */
  public JobId jobId() {
    return claim.jobId();
  }

  /** The attempt under which it runs, from 1. */
  public int attempt() {
    return claim.attempt();
  }

  /** Whose job it is. */
  public String tenant() {
    return claim.tenant();
  }

  /** What is to be done. */
  public S spec() {
    return spec;
  }

  /** Tells that {@code step} of {@code steps} are done. */
  public void progress(int step, int steps) {
    log.progress(step, steps);
    events.publish(new Event.Progress(Message.VERSION, jobId(), attempt(), now(), step, steps));
  }

  /** Adds a line to the job's log, which keeps its last 64 KiB. */
  public void log(String line) {
    log.line(line);
    events.publish(new Event.LogLine(Message.VERSION, jobId(), attempt(), now(), line));
  }

  /**
   * Shows what output {@code index} looks like at {@code step}.
   *
   * @param contentType {@code image/jpeg} or {@code image/png}
   * @param image at most {@link Event.Preview#MAX_BYTES}, or it is dropped
   */
  public void preview(int index, int step, String contentType, byte[] image) {
    events.publish(
        new Event.Preview(
            Message.VERSION, jobId(), attempt(), now(), index, step, contentType, image));
  }

  /** Tells numbers of a training at {@code step}. */
  public void metric(int step, Map<String, Double> values) {
    events.publish(new Event.Metric(Message.VERSION, jobId(), attempt(), now(), step, values));
  }

  /** Notes a number that is stored with the job when it ends. */
  public void measure(String name, double value) {
    if (Double.isFinite(value)) {
      metrics.put(name, value);
    }
  }

  /**
   * Stores output {@code index} under this attempt and tells that it is there.
   *
   * @param extension of its key, {@code png}
   */
  public OutputFile saveOutput(int index, String extension, String contentType, byte[] bytes) {
    StoredObject stored =
        objects.put(ObjectLayout.output(jobId(), attempt(), index, extension), bytes, contentType);
    OutputFile file =
        new OutputFile(index, stored.key(), contentType, stored.size(), stored.sha256());
    events.publish(new Event.OutputReady(Message.VERSION, jobId(), attempt(), now(), file));
    return file;
  }

  /**
   * Notes that everything up to {@code step} is saved where the next attempt finds it, so that
   * earlier deaths no longer count against the job.
   *
   * @throws JobStopped where the job is not this attempt's any more
   */
  public void progressSaved(int step) {
    if (!attempts.progressSaved(jobId(), attempt(), step)) {
      stop(StopReason.FENCED);
      throw new JobStopped(StopReason.FENCED);
    }
  }

  /** The step that an earlier attempt noted by {@link #progressSaved}, or 0. */
  public int savedStep() {
    return claim.step();
  }

  /** Why the job is to stop, if it is. */
  public Optional<StopReason> stopReason() {
    return Optional.ofNullable(stop.getNow(null));
  }

  /** Done when the job is to stop. */
  public CompletableFuture<StopReason> stopped() {
    return stop.copy();
  }

  /**
   * To be called at least once a step.
   *
   * @throws JobStopped where the job is to stop
   */
  public void checkStop() {
    stopReason()
        .ifPresent(
            reason -> {
              throw new JobStopped(reason);
            });
  }

  void stop(StopReason reason) {
    stop.complete(reason);
  }

  Beat beat() {
    return new Beat(jobId(), attempt(), log.step(), log.steps(), log.text());
  }

  Report report() {
    return new Report(log.text(), metrics);
  }

  private Instant now() {
    return clock.instant();
  }
}
