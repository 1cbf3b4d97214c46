package dev.darkroom.jobs.run;

import dev.darkroom.jobs.job.Acknowledgement;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobError;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.job.Outcome;
import dev.darkroom.jobs.message.Event;
import dev.darkroom.jobs.message.JobRequested;
import dev.darkroom.jobs.message.Message;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.queue.EventPublisher;
import dev.darkroom.jobs.spec.JobSpec;
import dev.darkroom.jobs.store.AttemptStore;
import dev.darkroom.jobs.store.Claiming;
import dev.darkroom.jobs.store.Claiming.Claim;
import dev.darkroom.jobs.store.Claiming.Ended;
import dev.darkroom.jobs.store.Claiming.Held;
import dev.darkroom.jobs.store.Claiming.Reason;
import dev.darkroom.jobs.store.Report;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The way of one record: claimed, run, normalised to a verdict, committed, acknowledged. */
final class Pipeline<S extends JobSpec> {
  private static final Logger LOG = LoggerFactory.getLogger(Pipeline.class);
  private static final Duration SHORTEST_WAIT = Duration.ofMillis(50);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(1);

  /**
   * How long the record of a job is held back after a shortage, times the number of its attempts.
   */
  private static final Duration SHORTAGE_WAIT = Duration.ofSeconds(2);

  private static final Report NOTHING = new Report("", Map.of());

  private final ExecutorConfig config;
  private final Class<S> specType;
  private final JobRunner<S> runner;
  private final AttemptStore attempts;
  private final ObjectStore objects;
  private final EventPublisher events;
  private final StageListener stages;
  private final Heartbeats heartbeats;
  private final Drain drain;
  private final Clock clock = Clock.systemUTC();

  Pipeline(
      ExecutorConfig config,
      Class<S> specType,
      JobRunner<S> runner,
      AttemptStore attempts,
      ObjectStore objects,
      EventPublisher events,
      StageListener stages,
      Heartbeats heartbeats,
      Drain drain) {
    this.config = config;
    this.specType = specType;
    this.runner = runner;
    this.attempts = attempts;
    this.objects = objects;
    this.events = events;
    this.stages = stages;
    this.heartbeats = heartbeats;
    this.drain = drain;
  }

  /** What becomes of the record, once Postgres knows what became of the job. */
  Acknowledgement process(JobRequested request) {
    JobId id = request.jobId();
    while (!drain.hasBegun()) {
      Optional<Claiming> claiming =
          drain.persist(
              "claim of job " + id,
              () -> attempts.claim(id, request.release(), config.workerName(), config.lease()));
      if (claiming.isEmpty()) {
        return Acknowledgement.RELEASE;
      }
      switch (claiming.get()) {
        case Claim claim -> {
          stages.reached(id, Stage.CLAIMED);
          try {
            return settle(claim, run(claim));
          } finally {
            // Only now: a commit that waits for the database must not lose the lease meanwhile.
            heartbeats.remove(claim);
          }
        }
        case Ended(Reason reason) -> {
          return ended(id, reason);
        }
        case Held(Duration lease) -> drain.pause(clamp(lease));
      }
    }
    return Acknowledgement.RELEASE;
  }

  private static Acknowledgement ended(JobId id, Reason reason) {
    LOG.debug("Job {} is not to be run: {}", id, reason);
    return switch (reason) {
      case DONE, SUPERSEDED, UNKNOWN -> Acknowledgement.ACCEPT;
      case GIVEN_UP -> Acknowledgement.REJECT;
    };
  }

  /** A verdict and what the job had told by then. */
  private record Run(Verdict verdict, Report report) {}

  private Run run(Claim claim) {
    if (claim.cancelRequested()) {
      return new Run(new Verdict.End(new Outcome.Canceled()), NOTHING);
    }
    if (!specType.isInstance(claim.spec())) {
      JobError error =
          new JobError(
              ErrorCode.INTERNAL,
              "expected a %s on this topic, got a %s job"
                  .formatted(specType.getSimpleName(), claim.spec().kind().text()));
      return new Run(new Verdict.End(new Outcome.Failed(error)), NOTHING);
    }
    JobContext<S> context =
        new JobContext<>(claim, specType.cast(claim.spec()), attempts, objects, events, clock);
    heartbeats.add(context);
    tell(claim, JobState.RUNNING);
    Verdict verdict = perform(context);
    stages.reached(claim.jobId(), Stage.RAN);
    return new Run(verdict, context.report());
  }

  private Verdict perform(JobContext<S> context) {
    try {
      return new Verdict.End(new Outcome.Succeeded(runner.run(context)));
    } catch (VirtualMachineError | RuntimeException e) {
      Verdict verdict = Verdict.of(e);
      if (verdict instanceof Verdict.End(Outcome.Failed failed)) {
        LOG.warn("Job {} failed", context.jobId(), e);
      } else {
        LOG.info("Job {}: {}", context.jobId(), e.toString());
      }
      return verdict;
    } catch (Throwable e) {
      LOG.error("Job {} failed", context.jobId(), e);
      return Verdict.of(e);
    }
  }

  private Acknowledgement settle(Claim claim, Run run) {
    Acknowledgement acknowledgement =
        switch (run.verdict()) {
          case Verdict.End(Outcome outcome) -> finish(claim, outcome, run.report());
          case Verdict.Retry(JobError error) -> retry(claim, error, run.report());
          case Verdict.HandBack() -> handBack(claim);
          case Verdict.Drop() -> fenced(claim);
        };
    stages.reached(claim.jobId(), Stage.COMMITTED);
    return acknowledgement;
  }

  private Acknowledgement finish(Claim claim, Outcome outcome, Report report) {
    Optional<Optional<JobState>> ended =
        drain.persist(
            "end of job " + claim.jobId(),
            () -> attempts.finish(claim.jobId(), claim.attempt(), outcome, report));
    if (ended.isEmpty()) {
      return Acknowledgement.RELEASE;
    }
    if (ended.get().isEmpty()) {
      return fenced(claim);
    }
    tell(claim, ended.get().get());
    return outcome instanceof Outcome.Failed(JobError error)
        ? error.code().acknowledgement()
        : Acknowledgement.ACCEPT;
  }

  private Acknowledgement retry(Claim claim, JobError error, Report report) {
    Optional<Optional<JobState>> moved =
        drain.persist(
            "retry of job " + claim.jobId(),
            () -> attempts.retry(claim.jobId(), claim.attempt(), error, report));
    if (moved.isEmpty()) {
      return Acknowledgement.RELEASE;
    }
    if (moved.get().isEmpty()) {
      return fenced(claim);
    }
    JobState state = moved.get().get();
    tell(claim, state);
    if (state.isDone()) {
      return state == JobState.FAILED ? error.code().acknowledgement() : Acknowledgement.ACCEPT;
    }
    // The slot stays taken meanwhile: where something is short, less work is what helps.
    drain.pause(SHORTAGE_WAIT.multipliedBy(claim.attempt()));
    return Acknowledgement.RELEASE;
  }

  private Acknowledgement handBack(Claim claim) {
    boolean handedBack =
        drain
            .persist(
                "hand-back of job " + claim.jobId(),
                () -> attempts.release(claim.jobId(), claim.attempt()))
            .orElse(false);
    if (handedBack) {
      tell(claim, JobState.DISPATCHED);
    }
    return Acknowledgement.RELEASE;
  }

  /** Whoever owns the job now has, or will have, a record too; ours comes back and finds out. */
  private static Acknowledgement fenced(Claim claim) {
    LOG.warn(
        "Job {} is not attempt {}'s any more; what it did is dropped",
        claim.jobId(),
        claim.attempt());
    return Acknowledgement.RELEASE;
  }

  private void tell(Claim claim, JobState state) {
    events.publish(
        new Event.StateChanged(
            Message.VERSION, claim.jobId(), claim.attempt(), clock.instant(), state));
  }

  private static Duration clamp(Duration wait) {
    if (wait.compareTo(SHORTEST_WAIT) < 0) {
      return SHORTEST_WAIT;
    }
    return wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
  }
}
