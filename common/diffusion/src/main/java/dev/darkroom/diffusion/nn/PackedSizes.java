package dev.darkroom.diffusion.nn;

import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.NativeHeap;
import dev.darkroom.diffusion.kernels.Program;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/**
 * The sizes for which a model's weights are packed. Packing writes to the layers, so the first
 * forward of a size has the model to itself; those of known sizes only read.
 */
final class PackedSizes {
  /**
   * Most share their weights with another. Those that do not cost memory, up to the model's once
   * for each of oneDNN's orders, of which there are three or four.
   */
  private static final int MOST = 8;

  /** Weights of so many numbers leave enough behind, where they lay before, to be looked for. */
  private static final long LARGE = 50_000_000;

  private final Program program;
  private final List<IValue> layers = new ArrayList<>();
  private final Set<List<Long>> known = new HashSet<>();
  private final ReadWriteLock lock;
  private long numbers;

  /**
   * @param lock that a forward holds for reading, and whoever writes to the layers for writing
   */
  PackedSizes(Program program, ReadWriteLock lock) {
    this.program = program;
    this.lock = lock;
  }

  /**
   * Only while the model is built.
   *
   * @param size numbers of its weight
   */
  void add(IValue layer, long size) {
    layers.add(layer);
    numbers += size;
  }

  /** One row alone has an order of weights of its own; two and more share one (packed.py). */
  <T> T run(Supplier<T> forward, long rows, long... size) {
    List<Long> key =
        LongStream.concat(LongStream.of(Math.min(rows, 2)), Arrays.stream(size)).boxed().toList();
    lock.readLock().lock();
    try {
      if (known.contains(key)) {
        return forward.get();
      }
    } finally {
      lock.readLock().unlock();
    }
    lock.writeLock().lock();
    try {
      if (known.size() >= MOST && !known.contains(key)) {
        layers.forEach(layer -> program.call("forget").value(layer).runForEffect());
        known.clear();
      }
      T result = forward.get();
      known.add(key);
      if (numbers >= LARGE) {
        NativeHeap.trim();
      }
      return result;
    } finally {
      lock.writeLock().unlock();
    }
  }
}
