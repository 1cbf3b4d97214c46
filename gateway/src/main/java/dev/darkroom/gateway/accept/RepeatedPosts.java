package dev.darkroom.gateway.accept;

import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.Sha256;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Recognises a POST that a client sends again because it never saw the answer, and carries no
 * Idempotency-Key: npm {@code replicate} repeats one five times within milliseconds of a connection
 * reset, Python's client twice after an error or a timeout, saying so in a header. Two equal POSTs
 * over connections that live are two jobs.
 */
public final class RepeatedPosts {
  private static final Duration RESET_WINDOW = Duration.ofSeconds(2);
  private static final Duration NEWS = Duration.ofMillis(200);
  private static final Duration LOOK = Duration.ofMillis(2);
  private static final Duration RETRY_WINDOW = Duration.ofMinutes(10);
  private static final int MAX_REMEMBERED = 4096;

  private final Clock clock;
  private final Map<Key, Post> posts = new HashMap<>();
  private final Deque<Post> oldestFirst = new ArrayDeque<>();

  /** What two POSTs must share to be the same: who, where and what. */
  public record Key(String tenant, String path, Sha256 body) {}

  /**
   * How a POST came.
   *
   * @param isRetry whether the client says that it is a repetition
   * @param isReplayer whether it is a client that repeats without saying so, even after an answer
   *     that was lost on its way
   * @param connection that it came over, one object for all that comes over it
   * @param isGone whether the connection has been closed
   * @param isAnswered whether its answer was written
   */
  public record Arrival(
      boolean isRetry,
      boolean isReplayer,
      Object connection,
      BooleanSupplier isGone,
      BooleanSupplier isAnswered) {}

  /** A POST that was seen, and the job that stands for it once it is stored. */
  public static final class Post {
    private final Key key;
    private final Arrival arrival;
    private final Instant at;
    private final CompletableFuture<JobId> job;

    /** When the job was there for this post to be answered with; null before that. */
    private volatile @Nullable Instant stored;

    private Post(Key key, Arrival arrival, Instant at, CompletableFuture<JobId> job) {
      this.key = key;
      this.arrival = arrival;
      this.at = at;
      this.job = job;
    }

    /** Completed with the job, or exceptionally where none was stored. */
    public CompletableFuture<JobId> job() {
      return job;
    }

    /** Whether its answer is on its way yet, or may have been lost just now. */
    private boolean isRecent(Instant now) {
      Instant since = stored;
      return since == null || now.isBefore(since.plus(RESET_WINDOW));
    }
  }

  /**
   * What a POST is.
   *
   * @param post to be completed by who stores the job, where there is no first
   * @param first the POST that this one repeats
   */
  public record Seen(Post post, Optional<Post> first) {}

  public RepeatedPosts(Clock clock) {
    this.clock = clock;
  }

  /**
   * Gives the gateway a moment to notice that the connection of an equal POST is gone: the
   * repetition can overtake the news of the reset that caused it. Only an equal POST of one who
   * replays, over another connection and soon after the first, ever waits.
   */
  void awaitNews(Key key, Arrival arrival) {
    long deadline = System.nanoTime() + NEWS.toNanos();
    while (arrival.isReplayer() && isUndecided(key, arrival) && System.nanoTime() < deadline) {
      LockSupport.parkNanos(LOOK.toNanos());
    }
  }

  /** An answer that was written may be lost all the same, so it decides nothing. */
  private synchronized boolean isUndecided(Key key, Arrival arrival) {
    Post earlier = posts.get(key);
    return earlier != null
        && !earlier.job.isCompletedExceptionally()
        && earlier.isRecent(clock.instant())
        && earlier.arrival.connection() != arrival.connection()
        && !earlier.arrival.isGone().getAsBoolean();
  }

  /** Notes a POST and says whether it repeats an earlier one. */
  public synchronized Seen arrive(Key key, Arrival arrival) {
    Instant now = clock.instant();
    forget(now);
    Post earlier = posts.get(key);
    if (earlier != null && isRepeated(earlier, arrival, now)) {
      // The next repetition is measured against this connection, but stands for the first's job.
      Post again = new Post(key, arrival, now, earlier.job.copy());
      remember(again);
      return new Seen(again, Optional.of(earlier));
    }
    Post post = new Post(key, arrival, now, new CompletableFuture<>());
    remember(post);
    return new Seen(post, Optional.empty());
  }

  private static boolean isRepeated(Post earlier, Arrival arrival, Instant now) {
    if (earlier.job.isCompletedExceptionally()) {
      return false;
    }
    if (arrival.isRetry()) {
      return true;
    }
    boolean lost =
        earlier.arrival.isGone().getAsBoolean()
            && (arrival.isReplayer() || !earlier.arrival.isAnswered().getAsBoolean());
    return earlier.isRecent(now) && lost;
  }

  private void remember(Post post) {
    // A slow commit must not use up the time that a repetition has.
    post.job.thenRun(() -> post.stored = clock.instant());
    posts.put(post.key, post);
    oldestFirst.addLast(post);
  }

  private void forget(Instant now) {
    while (!oldestFirst.isEmpty()
        && (oldestFirst.size() > MAX_REMEMBERED
            || now.isAfter(oldestFirst.getFirst().at.plus(RETRY_WINDOW)))) {
      Post old = oldestFirst.removeFirst();
      posts.remove(old.key, old);
    }
  }
}
