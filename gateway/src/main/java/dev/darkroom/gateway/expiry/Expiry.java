package dev.darkroom.gateway.expiry;

import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.objects.ObjectLayout;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.store.FileStore;
import dev.darkroom.jobs.store.JobStore;
import dev.darkroom.jobs.store.WorkerStore;
import java.time.Duration;
import java.util.List;

/**
 * Deletes what is past its time. Several gateways may do so at once: to delete what is deleted
 * already is no error.
 */
public final class Expiry {
  /** How often it is worth a look. */
  public static final Duration EVERY = Duration.ofMinutes(5);

  /** A worker that was taken for dead may still write for a while. */
  private static final Duration TIDY_AFTER = Duration.ofMinutes(10);

  private static final int AT_ONCE = 100;

  private final JobStore jobs;
  private final FileStore files;
  private final WorkerStore workers;
  private final ObjectStore objects;
  private final Duration retention;

  /**
   * @param retention how long a job and its outputs are kept after its end
   */
  public Expiry(
      JobStore jobs,
      FileStore files,
      WorkerStore workers,
      ObjectStore objects,
      Duration retention) {
    this.jobs = jobs;
    this.files = files;
    this.workers = workers;
    this.objects = objects;
    this.retention = retention;
  }

  /** Looks once. */
  public void sweep() {
    workers.expire();
    files();
    jobs();
    trainings();
  }

  /** The row goes first, so that no file is promised whose bytes are gone. */
  private void files() {
    List<String> expired = files.expire(AT_ONCE);
    while (!expired.isEmpty()) {
      expired.forEach(id -> objects.delete(ObjectLayout.file(id)));
      expired = files.expire(AT_ONCE);
    }
  }

  /** The row goes last: nothing else knows that there are outputs to be deleted. */
  private void jobs() {
    List<JobId> expired = jobs.expired(retention, AT_ONCE);
    while (!expired.isEmpty()) {
      for (JobId job : expired) {
        objects.deleteAll(ObjectLayout.outputs(job));
        objects.deleteAll(ObjectLayout.training(job));
      }
      jobs.delete(expired);
      expired = jobs.expired(retention, AT_ONCE);
    }
  }

  /** A training that has ended needs no checkpoint: its version has files of its own. */
  private void trainings() {
    List<JobId> untidied = jobs.untidied(TIDY_AFTER, AT_ONCE);
    while (!untidied.isEmpty()) {
      untidied.forEach(job -> objects.deleteAll(ObjectLayout.checkpoints(job)));
      jobs.tidied(untidied);
      untidied = jobs.untidied(TIDY_AFTER, AT_ONCE);
    }
  }
}
