package dev.darkroom.gateway.accept;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.store.Inserted;
import dev.darkroom.jobs.store.Job;
import dev.darkroom.jobs.store.NewJob;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/** Stores a request's job once, however often the request comes. */
public final class Acceptance {
  private final AcceptBatcher batcher;
  private final RepeatedPosts repeats;
  private final Timer stored;
  private final Counter joined;

  /**
   * What stands for a request.
   *
   * @param job as it was stored just now; empty where it was there before
   */
  public record Accepted(JobId id, Optional<Job> job) {
    private static Accepted before(JobId id) {
      return new Accepted(id, Optional.empty());
    }
  }

  public Acceptance(AcceptBatcher batcher, RepeatedPosts repeats, MeterRegistry metrics) {
    this.batcher = batcher;
    this.repeats = repeats;
    stored =
        Timer.builder("darkroom.accept")
            .description("From a valid request to a durable job")
            .publishPercentiles(0.5, 0.99)
            .register(metrics);
    joined =
        Counter.builder("darkroom.accept.joined")
            .description("Repeated requests that were answered with the first one's job")
            .register(metrics);
  }

  /**
   * Stores a job, or finds the one that an equal request stored.
   *
   * @param job validates the request and makes the job; not called for a repetition
   */
  public Accepted accept(JobRequest request, RepeatedPosts.Arrival arrival, Supplier<NewJob> job) {
    if (request.idempotencyKey() != null) {
      return store(job.get());
    }
    repeats.awaitNews(request.repetitionKey(), arrival);
    RepeatedPosts.Seen seen = repeats.arrive(request.repetitionKey(), arrival);
    if (seen.first().isPresent()) {
      try {
        JobId first = seen.first().get().job().join();
        joined.increment();
        return Accepted.before(first);
      } catch (CompletionException e) {
        // The first was not stored, so this one is no repetition.
        return store(job.get());
      }
    }
    try {
      Accepted accepted = store(job.get());
      seen.post().job().complete(accepted.id());
      return accepted;
    } catch (RuntimeException | Error e) {
      seen.post().job().completeExceptionally(e);
      throw e;
    }
  }

  private Accepted store(NewJob job) {
    long start = System.nanoTime();
    Inserted inserted = batcher.accept(job);
    stored.record(Duration.ofNanos(System.nanoTime() - start));
    return switch (inserted) {
      case Inserted.Created(JobId id, Instant at) ->
          new Accepted(id, Optional.of(Job.queued(job, at)));
      case Inserted.Existing(JobId id) -> {
        joined.increment();
        yield Accepted.before(id);
      }
      case Inserted.Conflict(JobId id) ->
          throw new DarkroomException(
              ErrorCode.CONFLICT,
              "Idempotency-Key: expected the request that it came with first, which is job %s, got"
                      .formatted(id)
                  + " another path or body; use a new key");
    };
  }
}
