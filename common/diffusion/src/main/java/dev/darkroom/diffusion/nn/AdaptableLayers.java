package dev.darkroom.diffusion.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.kernels.Call;
import dev.darkroom.diffusion.kernels.Program;
import dev.darkroom.diffusion.kernels.Scope;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.function.Supplier;

/**
 * The linear layers and convolutions of a model, where adapters act. One that is attached does
 * nothing until {@link #run} gives it a strength, so any number of them may wait beside a model,
 * and each row of a batch may have its own. The weights are never written to: without adapters the
 * model is what it was, to the bit.
 */
public final class AdaptableLayers {
  private record Layer(IValue value, Shape weight) {}

  private final Program program;
  private final boolean packed;
  private final NDManager manager;
  private final ReadWriteLock lock;
  private final IValue strengths;
  private final Map<String, Layer> layers = new LinkedHashMap<>();
  private final AtomicInteger numbers = new AtomicInteger();

  /**
   * @param packed whether linear layers run as convolutions of one pixel
   */
  AdaptableLayers(Program program, boolean packed, NDManager manager, ReadWriteLock lock) {
    this.program = program;
    this.packed = packed;
    this.manager = manager;
    this.lock = lock;
    this.strengths = program.call("strengths").runForValue();
  }

  /** The program's dictionary that all layers share. */
  IValue strengths() {
    return strengths;
  }

  void add(String name, IValue layer, Shape weight) {
    layers.put(name, new Layer(layer, weight));
  }

  /**
   * The shape of each layer's weight, [out, in] or [out, in, k, k], in the order of construction.
   */
  public Map<String, Shape> shapes() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    layers.forEach((name, layer) -> shapes.put(name, layer.weight()));
    return Collections.unmodifiableMap(shapes);
  }

  /** An adapter of this model; closing it takes it away. */
  public final class Attached implements AutoCloseable {
    private final int number = numbers.incrementAndGet();
    private final List<Layer> changed = new ArrayList<>();

    private Attached(Map<String, LowRank> changes) {
      changes.forEach(
          (name, change) -> {
            Layer layer = layers.get(name);
            if (layer == null) {
              throw DiffusionException.internal("no layer " + name + " to adapt", null);
            }
            NDArray magnitude = change.magnitude();
            Call call =
                program
                    .call(magnitude == null ? "attach" : "attach_decomposed")
                    .value(layer.value())
                    .integer(number)
                    .tensors(change.factors())
                    .real(change.scale());
            (magnitude == null ? call : call.tensor(magnitude)).runForEffect();
            changed.add(layer);
          });
    }

    @Override
    public void close() {
      lock.writeLock().lock();
      try {
        for (Layer layer : changed) {
          program.call("detach").value(layer.value()).integer(number).runForEffect();
        }
        changed.clear();
      } finally {
        lock.writeLock().unlock();
      }
    }
  }

  /**
   * Adds an adapter.
   *
   * @param changes by the names of {@link #shapes}, of shapes that fit; the model keeps their
   *     tensors, and an optimizer may update them in place
   */
  public Attached attach(Map<String, LowRank> changes) {
    Map<String, LowRank> fitted = new LinkedHashMap<>(changes);
    lock.writeLock().lock();
    try (Scope scope = Scope.open()) {
      if (packed) {
        fitted.replaceAll((name, change) -> asConvolution(change));
      }
      return new Attached(fitted);
    } finally {
      lock.writeLock().unlock();
    }
  }

  /**
   * Runs a forward of the model with adapters. Such forwards take turns, for their layers see the
   * strengths of one at a time.
   *
   * @param rows the strength of each adapter for each row, [N]; where it is 0 the row is untouched,
   *     to the bit. They are added in the order of the map, on which the last bits depend.
   */
  public <T> T run(Map<Attached, float[]> rows, Supplier<T> forward) {
    if (rows.isEmpty()) {
      return forward.get();
    }
    lock.writeLock().lock();
    try {
      try (Scope scope = Scope.open()) {
        rows.forEach(this::strengthen);
      }
      return forward.get();
    } finally {
      program.call("clear_strengths").value(strengths).runForEffect();
      lock.writeLock().unlock();
    }
  }

  /** A forward of a model whose layers nobody packs. */
  <T> T run(Supplier<T> forward) {
    lock.readLock().lock();
    try {
      return forward.get();
    } finally {
      lock.readLock().unlock();
    }
  }

  private void strengthen(Attached adapter, float[] rows) {
    List<Integer> touched = new ArrayList<>();
    for (int i = 0; i < rows.length; i++) {
      if (rows[i] != 0) {
        touched.add(i);
      }
    }
    if (touched.isEmpty()) {
      return;
    }
    long[] indices = touched.stream().mapToLong(Integer::longValue).toArray();
    float[] strong = new float[indices.length];
    for (int i = 0; i < strong.length; i++) {
      strong[i] = rows[(int) indices[i]];
    }
    program
        .call("set_strength")
        .value(strengths)
        .integer(adapter.number)
        .tensor(manager.create(indices))
        .tensor(manager.create(strong))
        .runForEffect();
  }

  private static LowRank asConvolution(LowRank change) {
    NDArray down = change.down();
    if (down.getShape().dimension() != 2) {
      return change;
    }
    NDArray up = change.up();
    return new LowRank(
        down.reshape(down.getShape().add(1).add(1)),
        null,
        up == null ? null : up.reshape(up.getShape().add(1).add(1)),
        change.scale(),
        change.magnitude());
  }
}
