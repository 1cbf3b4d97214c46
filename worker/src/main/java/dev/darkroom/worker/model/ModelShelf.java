package dev.darkroom.worker.model;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/**
 * Loaded models, kept within a budget of bytes. A model in use is never put away; the one unused
 * for longest goes first. Who needs room that only models in use could give waits until one is
 * returned.
 */
public final class ModelShelf<M extends AutoCloseable> implements AutoCloseable {
  private final long budget;
  private final Source<M> source;
  private final Map<String, Place<M>> places = new HashMap<>();
  private long used;
  private long clock;

  /** Where models come from. Called on the thread of the borrower, several at once. */
  public interface Source<M> {
    /** Finds a model and says what it will take once loaded. */
    Loadable<M> find(String version) throws InterruptedException;
  }

  /** A model that is not loaded yet; closed once it is, or will not be. */
  public interface Loadable<M> extends AutoCloseable {
    /** Bytes that the loaded model will hold. */
    long bytes();

    M load() throws InterruptedException;

    @Override
    void close();
  }

  /** A model that stays loaded until this is closed. */
  public interface Loan<M> extends AutoCloseable {
    M model();

    @Override
    void close();
  }

  private static final class Place<M> {
    final CompletableFuture<M> model = new CompletableFuture<>();
    long bytes;
    int loans;
    long lastUse;

    boolean isIdle() {
      return loans == 0 && model.isDone();
    }
  }

  /**
   * @param budget bytes that all loaded models may hold together
   */
  public ModelShelf(long budget, Source<M> source) {
    this.budget = budget;
    this.source = source;
  }

  /**
   * Lends a model, loading it first where need be; who asks meanwhile for the same one waits for
   * the same load.
   *
   * @throws DarkroomException if it cannot be had, does not verify, or does not fit into the budget
   *     at all
   */
  public Loan<M> borrow(String version) throws InterruptedException {
    while (true) {
      Place<M> place = new Place<>();
      boolean mine;
      synchronized (places) {
        Place<M> known = places.putIfAbsent(version, place);
        mine = known == null;
        place = mine ? place : known;
        place.loans++;
      }
      try {
        if (mine) {
          load(version, place);
        }
        return new Borrowed(place, place.model.get());
      } catch (InterruptedException e) {
        giveBack(place);
        throw e;
      } catch (ExecutionException e) {
        giveBack(place);
        Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
        if (!(cause instanceof InterruptedException)) {
          // Everyone who waited for this load has a stack of their own.
          throw new CompletionException("model " + version + " did not load", cause);
        }
        // Whoever loaded it was called away: load it ourselves.
      }
    }
  }

  /** Models on the shelf now, in use or not. */
  public int size() {
    synchronized (places) {
      return places.size();
    }
  }

  /** Bytes that they hold. */
  public long usedBytes() {
    synchronized (places) {
      return used;
    }
  }

  /** Puts away what is not in use. */
  @Override
  public void close() {
    synchronized (places) {
      while (putAwayOldest()) {}
    }
  }

  private void load(String version, Place<M> place) throws InterruptedException {
    try (Loadable<M> found = source.find(version)) {
      makeRoom(version, place, found.bytes());
      place.model.complete(found.load());
    } catch (Throwable cause) {
      synchronized (places) {
        places.remove(version, place);
        used -= place.bytes;
        places.notifyAll();
      }
      place.model.completeExceptionally(cause);
      if (cause instanceof InterruptedException interrupted) {
        throw interrupted;
      }
    }
  }

  private void makeRoom(String version, Place<M> place, long bytes) throws InterruptedException {
    if (bytes > budget) {
      throw new DarkroomException(
          ErrorCode.OUT_OF_MEMORY,
          "model %s: expected at most %d bytes (what this worker may load), got %d; give the worker more memory"
              .formatted(version, budget, bytes));
    }
    synchronized (places) {
      while (used + bytes > budget) {
        if (!putAwayOldest()) {
          places.wait();
        }
      }
      used += bytes;
      place.bytes = bytes;
    }
  }

  /** Needs the lock. */
  private boolean putAwayOldest() {
    Optional<Map.Entry<String, Place<M>>> oldest =
        places.entrySet().stream()
            .filter(entry -> entry.getValue().isIdle())
            .min(Comparator.comparingLong(entry -> entry.getValue().lastUse));
    oldest.ifPresent(
        entry -> {
          places.remove(entry.getKey());
          used -= entry.getValue().bytes;
          close(entry.getKey(), entry.getValue().model.join());
        });
    return oldest.isPresent();
  }

  private void close(String version, M model) {
    try {
      model.close();
    } catch (Exception e) {
      throw new DarkroomException(
          ErrorCode.INTERNAL, "model " + version + " could not be unloaded", e);
    }
  }

  private void giveBack(Place<M> place) {
    synchronized (places) {
      place.loans--;
      place.lastUse = ++clock;
      places.notifyAll();
    }
  }

  private final class Borrowed implements Loan<M> {
    private final Place<M> place;
    private final M model;
    private boolean returned;

    Borrowed(Place<M> place, M model) {
      this.place = place;
      this.model = model;
    }

    @Override
    public M model() {
      return model;
    }

    @Override
    public synchronized void close() {
      if (!returned) {
        returned = true;
        giveBack(place);
      }
    }
  }
}
