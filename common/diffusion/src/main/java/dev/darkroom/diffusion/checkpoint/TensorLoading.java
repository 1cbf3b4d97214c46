package dev.darkroom.diffusion.checkpoint;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import dev.darkroom.diffusion.kernels.Call;
import dev.darkroom.diffusion.kernels.Program;
import dev.darkroom.diffusion.kernels.Scope;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Brings stored tensors to the engine: floating types as float32, the others as int64.
 *
 * <p>On the CPU the engine maps the file itself, privately: float32 is then not copied at all, and
 * a parameter that is later written to gets its own pages. So a file of weights must not be changed
 * in place while a model made of it lives, and one that is cut short ends the process, as with any
 * reader that maps; replacing or deleting it is harmless, which is all that {@link
 * SafetensorsWriter} and a worker's cache do.
 */
final class TensorLoading {
  private static final Program PROGRAM =
      Program.shared(
          """
          def mapped(self, path: str, place: List[int]) -> Tensor:
            dtype, target, first, count = place[0], place[1], place[2], place[3]
            file = torch.from_file(path, False, first + count, dtype=dtype)
            return torch.to(file.narrow(0, first, count).view(place[4:]), target)

          def mapped_finite(self, path: str, place: List[int]) -> Tensor:
            x = self.mapped(path, place)
            return torch.zeros([0]) if self.broken(x) else x

          def mapped_broken(self, path: str, place: List[int]) -> bool:
            return self.broken(self.mapped(path, place))

          def fill(self, target: Tensor, source: Tensor, offset: int) -> Tensor:
            return target.view([-1]).narrow(0, offset, source.numel()).copy_(source)

          def broken(self, x: Tensor) -> bool:
            total = float(x.sum())
            if total - total == 0.0:
              return False
            # Finite values, too, may have an infinite sum, of float16 soon.
            least, greatest = torch.aminmax(x)
            return not bool(torch.isfinite(least).item()) or not bool(torch.isfinite(greatest).item())
          """);

  /** What stands for a tensor that is not finite; what is mapped has elements. */
  private static final Shape BROKEN = new Shape(0);

  private TensorLoading() {}

  /** An array that {@code manager} owns, on its device, and no scope. */
  static NDArray load(StoredTensor tensor, NDManager manager) {
    return tensor instanceof TensorView view && canBeMapped(view, manager)
        ? map(view, loadedAs(view.type()), manager)
        : copy(tensor, manager);
  }

  /**
   * The same of a floating parameter that is checked: beside this thread where it is large and
   * stays where it is mapped, else on the way, while its bytes are in the processor's caches.
   *
   * @param asStored whether what is mapped stays float16 or bfloat16 where it is, and is not copied
   * @param beside takes what is checked beside
   * @return null where it was checked and holds a NaN or an infinity
   */
  static @Nullable NDArray loadFinite(
      String key, StoredTensor tensor, boolean asStored, NDManager manager, FiniteChecks beside) {
    boolean mapped = false;
    NDArray array;
    if (tensor instanceof TensorView view && canBeMapped(view, manager)) {
      TensorType target = asStored && isHalf(view.type()) ? view.type() : loadedAs(view.type());
      if (target == view.type() && view.bytes() >= FiniteChecks.WORTHWHILE_BYTES) {
        beside.add(key, () -> isBroken(mapping("mapped_broken", view, target)));
        return map(view, target, manager);
      }
      array = Scope.release(mapping("mapped_finite", view, target).run(manager));
      mapped = true;
    } else {
      array = copy(tensor, manager);
    }
    if (mapped ? array.getShape().equals(BROKEN) : isBroken(PROGRAM.call("broken").tensor(array))) {
      array.close();
      return null;
    }
    return array;
  }

  /** Whether a floating parameter that stays as it is stored stays where it is stored, too. */
  static boolean staysMapped(StoredTensor tensor, NDManager manager) {
    return tensor instanceof TensorView view
        && (isHalf(view.type()) || view.type() == TensorType.F32)
        && canBeMapped(view, manager);
  }

  private static boolean isHalf(TensorType type) {
    return type == TensorType.F16 || type == TensorType.BF16;
  }

  private static TensorType loadedAs(TensorType type) {
    return type.isFloating() ? TensorType.F32 : TensorType.I64;
  }

  /** What a call says of a floating tensor: whether it holds a NaN or an infinity. */
  private static boolean isBroken(Call call) {
    try (IValue answer = call.runForValue()) {
      return answer.toBoolean();
    }
  }

  private static boolean canBeMapped(TensorView view, NDManager manager) {
    return !manager.getDevice().isGpu()
        && view.isContiguous()
        && view.shape().dimension() > 0
        && view.shape().size() > 0
        && view.offset() % view.type().bytes() == 0
        // The engine opens the path anew.
        && view.file().isStillAtItsPath();
  }

  private static NDArray map(TensorView view, TensorType target, NDManager manager) {
    return Scope.release(mapping("mapped", view, target).run(manager));
  }

  private static Call mapping(String function, TensorView view, TensorType target) {
    long[] shape = view.shape().getShape();
    long[] place = new long[4 + shape.length];
    place[0] = view.type().torchCode();
    place[1] = target.torchCode();
    place[2] = view.offset() / view.type().bytes();
    place[3] = view.shape().size();
    System.arraycopy(shape, 0, place, 4, shape.length);
    return PROGRAM
        .call(function)
        .text(view.file().path().toAbsolutePath().toString())
        .integers(place);
  }

  private static NDArray copy(StoredTensor tensor, NDManager manager) {
    NDArray array = Scope.release(manager.create(tensor.shape(), tensor.type().loadedAs()));
    boolean whole = false;
    try {
      tensor.read((elements, first, count) -> fill(array, tensor.type(), elements, first, count));
      whole = true;
      return array;
    } finally {
      if (!whole) {
        array.close();
      }
    }
  }

  private static void fill(
      NDArray array, TensorType type, MemorySegment elements, long first, int count) {
    try (Scope scope = Scope.open();
        Arena arena = Arena.ofConfined();
        NDManager staging = array.getManager().newSubManager()) {
      NDArray source = source(elements, type, count, arena, staging);
      PROGRAM.call("fill").tensor(array).tensor(source).integer(first).run(staging);
    }
  }

  /** A short-lived array over the bytes, in a type that the engine knows. */
  private static NDArray source(
      MemorySegment elements, TensorType type, int count, Arena arena, NDManager staging) {
    DataType seen =
        switch (type) {
          case F64 -> DataType.FLOAT64;
          case F32, BF16 -> DataType.FLOAT32;
          case F16 -> DataType.FLOAT16;
          case I64 -> DataType.INT64;
          case I32 -> DataType.INT32;
          case I8 -> DataType.INT8;
          case U8, BOOL -> DataType.UINT8;
        };
    MemorySegment aligned = elements;
    if (type == TensorType.BF16) {
      aligned = widen(elements, count, arena);
    } else if (elements.address() % type.bytes() != 0) {
      aligned = arena.allocate(elements.byteSize(), type.bytes()).copyFrom(elements);
    }
    ByteBuffer buffer = aligned.asByteBuffer().order(ByteOrder.nativeOrder());
    return staging.create(buffer, new Shape(count), seen);
  }

  /** bfloat16 is the upper half of a float32. */
  private static MemorySegment widen(MemorySegment elements, int count, Arena arena) {
    MemorySegment wide = arena.allocate((long) count * Float.BYTES, Float.BYTES);
    for (int i = 0; i < count; i++) {
      int upper = elements.get(ValueLayout.JAVA_SHORT_UNALIGNED, (long) i * Short.BYTES) << 16;
      wide.setAtIndex(ValueLayout.JAVA_INT, i, upper);
    }
    return wide;
  }
}
