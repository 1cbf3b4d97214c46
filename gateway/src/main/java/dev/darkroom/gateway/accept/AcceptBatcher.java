package dev.darkroom.gateway.accept;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.ErrorKind;
import dev.darkroom.jobs.store.Inserted;
import dev.darkroom.jobs.store.JobStore;
import dev.darkroom.jobs.store.NewJob;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Stores the jobs of many callers in one commit each time: while one commit is on its way to the
 * disk, the next batch gathers. A caller alone waits for nobody.
 */
public final class AcceptBatcher implements AutoCloseable {
  private static final int MAX_BATCH = 256;
  private static final int MAX_WAITING = 8192;

  private final JobStore store;
  private final Duration patience;
  private final BlockingQueue<Waiting> queue = new ArrayBlockingQueue<>(MAX_WAITING);
  private final Thread thread;

  /**
   * A caller's job. Whoever flips {@code settled} decides: the batch takes it, or it is given up.
   */
  private record Waiting(NewJob job, AtomicBoolean settled, CompletableFuture<Inserted> answer) {}

  /**
   * @param patience how long a job may wait to be taken up before its caller is told to come back
   */
  public AcceptBatcher(JobStore store, Duration patience) {
    this.store = store;
    this.patience = patience;
    thread = Thread.ofPlatform().name("darkroom-accept").daemon().start(this::run);
  }

  /**
   * Stores a job, durably when this returns.
   *
   * @throws DarkroomException {@link ErrorCode#DATABASE_UNAVAILABLE} where it is not stored now and
   *     will not be later
   */
  public Inserted accept(NewJob job) {
    Waiting waiting = new Waiting(job, new AtomicBoolean(), new CompletableFuture<>());
    if (!queue.offer(waiting)) {
      throw unavailable("%d jobs wait to be stored".formatted(MAX_WAITING));
    }
    try {
      return answer(waiting);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof DarkroomException ours) {
        throw new DarkroomException(ours.code(), String.valueOf(ours.getMessage()), ours);
      }
      throw new DarkroomException(ErrorCode.INTERNAL, "the job could not be stored", e.getCause());
    } catch (InterruptedException e) {
      waiting.settled().set(true);
      Thread.currentThread().interrupt();
      throw unavailable("the gateway stops");
    }
  }

  private Inserted answer(Waiting waiting) throws InterruptedException, ExecutionException {
    try {
      return waiting.answer().get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      if (waiting.settled().compareAndSet(false, true)) {
        throw unavailable("the database is slow");
      }
      // It is in a commit already, whose outcome must be known; the socket's timeout bounds it.
      return waiting.answer().get();
    }
  }

  private static DarkroomException unavailable(String why) {
    return new DarkroomException(
        ErrorCode.DATABASE_UNAVAILABLE, "The job was not stored: %s; try again.".formatted(why));
  }

  private void run() {
    List<Waiting> batch = new ArrayList<>(MAX_BATCH);
    try {
      while (true) {
        batch.add(queue.take());
        queue.drainTo(batch, MAX_BATCH - 1);
        batch.removeIf(waiting -> !waiting.settled().compareAndSet(false, true));
        store(batch);
        batch.clear();
      }
    } catch (InterruptedException e) {
      batch.addAll(queue);
      batch.forEach(w -> w.answer().completeExceptionally(unavailable("the gateway stops")));
    }
  }

  private void store(List<Waiting> batch) {
    if (batch.isEmpty()) {
      return;
    }
    try {
      List<Inserted> stored = store.insertAll(batch.stream().map(Waiting::job).toList());
      for (int i = 0; i < stored.size(); i++) {
        batch.get(i).answer().complete(stored.get(i));
      }
    } catch (DarkroomException e) {
      if (batch.size() > 1 && e.code().kind() != ErrorKind.CAPACITY) {
        // One row spoils the statement: the others are not to blame.
        batch.forEach(waiting -> store(List.of(waiting)));
      } else {
        batch.forEach(waiting -> waiting.answer().completeExceptionally(e));
      }
    } catch (RuntimeException e) {
      batch.forEach(waiting -> waiting.answer().completeExceptionally(e));
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
