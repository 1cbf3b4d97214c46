package dev.darkroom.diffusion.kernels;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.DiffusionException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One call of a {@link Program}'s method. Results belong to the manager given, or to that of the
 * first tensor argument, and to the {@link Scope} open in this thread, if any.
 */
public final class Call {
  private final Program program;
  private final String method;
  private final List<IValue> arguments = new ArrayList<>(8);

  /** Those among the arguments that this call made, and must free. */
  private final List<IValue> temporaries = new ArrayList<>(8);

  private @Nullable NDManager owner;

  Call(Program program, String method) {
    this.program = program;
    this.method = method;
  }

  public Call tensor(NDArray array) {
    own(array);
    return made(IValue.from((PtNDArray) array));
  }

  /** A tensor, or TorchScript's {@code None}. */
  public Call optional(@Nullable NDArray array) {
    if (array == null) {
      arguments.add(program.none());
      return this;
    }
    return tensor(array);
  }

  /** A {@code Dict[str, Tensor]}, or TorchScript's {@code None}. */
  public Call optionalByName(@Nullable Map<String, NDArray> arrays) {
    if (arrays == null) {
      arguments.add(program.none());
      return this;
    }
    Map<String, PtNDArray> engines = new HashMap<>();
    arrays.forEach((name, array) -> engines.put(name, (PtNDArray) array));
    return made(IValue.stringMapFrom(engines));
  }

  /** A {@code List[Tensor]}; at least one, for the engine cannot make an empty list. */
  public Call tensors(List<? extends NDArray> arrays) {
    if (arrays.isEmpty()) {
      throw DiffusionException.internal(
          "kernel " + method + ": a list of tensors cannot be empty", null);
    }
    own(arrays.getFirst());
    return made(
        IValue.listFrom(arrays.stream().map(PtNDArray.class::cast).toArray(PtNDArray[]::new)));
  }

  public Call integer(long value) {
    return made(IValue.from(value));
  }

  public Call integers(long... values) {
    if (values.length == 0) {
      throw DiffusionException.internal(
          "kernel " + method + ": a list of integers cannot be empty", null);
    }
    return made(IValue.listFrom(values));
  }

  public Call real(double value) {
    return made(IValue.from(value));
  }

  public Call flag(boolean value) {
    return made(IValue.from(value));
  }

  public Call text(String value) {
    return made(IValue.from(value));
  }

  /** A value that an earlier call returned and that its holder keeps. */
  public Call value(IValue value) {
    arguments.add(value);
    return this;
  }

  /** The same, or TorchScript's {@code None}. */
  public Call optionalValue(@Nullable IValue value) {
    return value(value == null ? program.none() : value);
  }

  /** The one tensor that the method returns. */
  public NDArray run() {
    return run(ownerOrFail());
  }

  public NDArray run(NDManager manager) {
    try (IValue result = runForValue()) {
      return result.toTensor((PtNDManager) manager);
    }
  }

  /**
   * The one tensor that the method makes on the CPU whatever the device, such as random numbers,
   * which a seed then means everywhere: on the device of {@code manager}.
   */
  public NDArray runOnCpu(NDManager manager) {
    NDArray made = run(manager);
    if (!manager.getDevice().isGpu()) {
      return made;
    }
    try (made) {
      return made.toDevice(manager.getDevice(), true);
    }
  }

  /** The tensors of a returned {@code List[Tensor]}. */
  public List<NDArray> runForTensors() {
    return runForTensors(ownerOrFail());
  }

  public List<NDArray> runForTensors(NDManager manager) {
    try (IValue result = runForValue()) {
      return List.of(result.toTensorArray((PtNDManager) manager));
    }
  }

  /** Any result, as it is; the caller closes it. */
  public IValue runForValue() {
    long[] handles = new long[arguments.size()];
    for (int i = 0; i < handles.length; i++) {
      handles[i] = arguments.get(i).getHandle();
    }
    try {
      return program.run(method, handles);
    } finally {
      temporaries.forEach(IValue::close);
    }
  }

  /** For a method called for what it does to its arguments. */
  public void runForEffect() {
    runForValue().close();
  }

  private Call made(IValue value) {
    arguments.add(value);
    temporaries.add(value);
    return this;
  }

  private void own(NDArray array) {
    if (owner == null) {
      owner = array.getManager();
    }
  }

  private NDManager ownerOrFail() {
    if (owner == null) {
      throw DiffusionException.internal(
          "kernel " + method + " takes no tensor: name the manager of its result", null);
    }
    return owner;
  }
}
