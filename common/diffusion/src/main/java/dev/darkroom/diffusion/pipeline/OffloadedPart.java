package dev.darkroom.diffusion.pipeline;

import ai.djl.ndarray.NDManager;
import dev.darkroom.diffusion.kernels.NativeHeap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A component that is loaded when it is needed, and gone when another one of its seat is. */
final class OffloadedPart<M> implements Part<M> {

  /** Where one of several components is in memory. Closing it frees that one. */
  static final class Seat implements AutoCloseable {
    private final Supplier<NDManager> managers;
    private final Lock lock = new ReentrantLock();
    private @Nullable OffloadedPart<?> holder;
    private @Nullable NDManager weights;

    /**
     * @param managers makes the owner of a component's weights
     */
    Seat(Supplier<NDManager> managers) {
      this.managers = managers;
    }

    private void vacate() {
      holder = null;
      if (weights != null) {
        weights.close();
        weights = null;
        NativeHeap.trim();
      }
    }

    @Override
    public void close() {
      lock.lock();
      try {
        vacate();
      } finally {
        lock.unlock();
      }
    }
  }

  private final Seat seat;
  private final Function<NDManager, M> loader;
  private M network;

  /** Loads it at once, so that a broken one is refused before any work is done. */
  OffloadedPart(Seat seat, Function<NDManager, M> loader) {
    this.seat = seat;
    this.loader = loader;
    seat.lock.lock();
    try {
      this.network = load(seat, loader);
      seat.holder = this;
    } finally {
      seat.lock.unlock();
    }
  }

  private static <M> M load(Seat seat, Function<NDManager, M> loader) {
    seat.vacate();
    NDManager manager = seat.managers.get();
    seat.weights = manager;
    return loader.apply(manager);
  }

  @Override
  public M outline() {
    return network;
  }

  @Override
  public <R> R use(Function<? super M, R> work) {
    seat.lock.lock();
    try {
      if (seat.holder != this) {
        network = load(seat, loader);
        seat.holder = this;
      }
      return work.apply(network);
    } finally {
      seat.lock.unlock();
    }
  }
}
