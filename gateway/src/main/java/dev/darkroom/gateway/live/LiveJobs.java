package dev.darkroom.gateway.live;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.ErrorKind;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.message.Event;
import dev.darkroom.jobs.store.Job;
import dev.darkroom.jobs.store.JobStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Tells the views of a job what happens to it. */
public final class LiveJobs {
  private static final Duration FIRST_LOOK = Duration.ofMillis(250);
  private static final Duration LONGEST_LOOK = Duration.ofSeconds(2);

  private final JobStore store;
  private final RecentEvents recent = new RecentEvents();
  private final Map<JobId, Set<Subscription>> views = new ConcurrentHashMap<>();

  public LiveJobs(JobStore store) {
    this.store = store;
  }

  /** Takes an event from Kafka. */
  public void hear(Event event) {
    if (recent.add(event)) {
      tell(event.jobId(), new Subscription.Signal.Happened(event));
    }
  }

  /** Has the views of a job look into Postgres. */
  public void wake(JobId job) {
    recent.forget(job);
    tell(job, new Subscription.Signal.Look());
  }

  /** What happened lately, for a view that begins now. */
  public List<Event> recent(JobId job) {
    return recent.of(job);
  }

  /** Begins a view; what happens from now on reaches it. */
  public Subscription subscribe(JobId job) {
    Subscription view = new Subscription(job, this::end);
    views.compute(
        job,
        (id, others) -> {
          Set<Subscription> all = others == null ? ConcurrentHashMap.newKeySet() : others;
          all.add(view);
          return all;
        });
    return view;
  }

  /** Waits until a job has ended, at most for {@code patience}; the job as it then is. */
  public Job awaitEnd(JobId id, Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    Duration look = FIRST_LOOK;
    try (Subscription view = subscribe(id)) {
      Job job = find(id);
      while (!job.state().isDone()) {
        Duration left = Duration.ofNanos(deadline - System.nanoTime());
        if (!left.isPositive()) {
          return job;
        }
        Optional<Subscription.Signal> signal = view.next(look.compareTo(left) < 0 ? look : left);
        if (signal.isEmpty()) {
          look = look.multipliedBy(3).dividedBy(2);
          look = look.compareTo(LONGEST_LOOK) < 0 ? look : LONGEST_LOOK;
        }
        if (signal.isEmpty() || isWorthALook(signal.get())) {
          job = look(job);
        }
      }
      return job;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DarkroomException(ErrorCode.DATABASE_UNAVAILABLE, "the gateway stops", e);
    }
  }

  /** Whether a signal may mean that the job's state in Postgres has changed. */
  public static boolean isWorthALook(Subscription.Signal signal) {
    return switch (signal) {
      case Subscription.Signal.Look() -> true;
      case Subscription.Signal.Happened(Event event) -> event instanceof Event.StateChanged;
    };
  }

  /**
   * The job now, or as it was where Postgres is away for a moment: the job is stored all the same.
   */
  public Job look(Job before) {
    try {
      return find(before.id());
    } catch (DarkroomException e) {
      if (e.code().kind() == ErrorKind.CAPACITY) {
        return before;
      }
      throw e;
    }
  }

  private Job find(JobId id) {
    return store
        .find(id)
        .orElseThrow(
            () -> new DarkroomException(ErrorCode.NOT_FOUND, "id: job %s is gone".formatted(id)));
  }

  private void tell(JobId job, Subscription.Signal signal) {
    views.getOrDefault(job, Set.of()).forEach(view -> view.offer(signal));
  }

  private void end(Subscription view) {
    views.computeIfPresent(
        view.job(),
        (id, all) -> {
          all.remove(view);
          return all.isEmpty() ? null : all;
        });
  }
}
