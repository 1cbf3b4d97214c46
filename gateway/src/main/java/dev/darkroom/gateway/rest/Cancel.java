package dev.darkroom.gateway.rest;

import dev.darkroom.gateway.live.LiveJobs;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.store.Cancellation;
import dev.darkroom.jobs.store.JobStore;
import java.util.function.Consumer;

/** Ends a job: first in Postgres, then by telling the workers, who would also find out later. */
public final class Cancel {
  private final JobStore store;
  private final LiveJobs live;
  private final Consumer<JobId> tellWorkers;

  public Cancel(JobStore store, LiveJobs live, Consumer<JobId> tellWorkers) {
    this.store = store;
    this.live = live;
    this.tellWorkers = tellWorkers;
  }

  /** Asks for the end; a job that ended before stays as it is. */
  public Cancellation cancel(JobId id) {
    Cancellation cancellation = store.cancel(id);
    switch (cancellation) {
      case REQUESTED -> tellWorkers.accept(id);
      case CANCELED -> live.wake(id);
      case DONE_BEFORE, UNKNOWN -> {}
    }
    return cancellation;
  }
}
