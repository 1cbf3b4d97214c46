package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A part that is made in a thread of its own beside others. Whoever starts one ends it, by {@link
 * #get} or {@link #discard}, before what it is made of is closed.
 *
 * @param <T> the part
 */
final class Beside<T> {
  private final @Nullable Thread thread;

  // Written by the thread before it ends, and read after it was joined.
  private @Nullable T part;
  private @Nullable Throwable failure;

  private Beside(String name, Supplier<T> maker) {
    Thread started = null;
    try {
      started = Thread.ofPlatform().daemon().name("load-" + name).start(() -> make(maker));
    } catch (OutOfMemoryError noThread) {
      make(maker);
    }
    this.thread = started;
  }

  private Beside(Supplier<T> maker) {
    this.thread = null;
    make(maker);
  }

  /** Starts to make a part. */
  static <T> Beside<T> start(String name, Supplier<T> maker) {
    return new Beside<>(name, maker);
  }

  /** Makes it in this thread, at once, for those that may not be made beside others. */
  static <T> Beside<T> here(Supplier<T> maker) {
    return new Beside<>(maker);
  }

  private void make(Supplier<T> maker) {
    try {
      part = maker.get();
    } catch (Throwable e) {
      failure = e;
    }
  }

  /**
   * The part once it is there.
   *
   * @throws RuntimeException what the maker threw
   */
  T get() {
    join();
    if (failure instanceof RuntimeException e) {
      throw e;
    }
    if (failure instanceof Error e) {
      throw e;
    }
    if (part == null) {
      throw DiffusionException.internal("a part that was made of nothing", failure);
    }
    return part;
  }

  /** Waits for the end and frees the part, where there is one: for when another part failed. */
  void discard(Consumer<? super T> free) {
    join();
    if (part != null) {
      free.accept(part);
    }
  }

  /** To the end even where this thread is interrupted: native code reads what the caller closes. */
  private void join() {
    if (thread == null) {
      return;
    }
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
