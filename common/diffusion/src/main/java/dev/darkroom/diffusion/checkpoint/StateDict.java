package dev.darkroom.diffusion.checkpoint;

import ai.djl.ndarray.types.Shape;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Dictionary;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Flag;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Global;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Made;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Persistent;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Real;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Sequence;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Text;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Whole;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The named tensors of a pickle: those of {@code state_dict} where it has one, else all; names of
 * nested dicts are joined by dots.
 *
 * @param metadata the plain values beside them, such as {@code global_step}
 */
record StateDict(Map<String, StoredTensor> tensors, Map<String, String> metadata) {
  private static final int MAX_DEPTH = 8;
  private static final int MAX_NOTE = 1000;
  private static final int MAX_DIMENSIONS = 16;
  private static final BigInteger MAX_NUMBER = BigInteger.ONE.shiftLeft(48);

  /** Where a storage lies in the file, in bytes. */
  record Place(long position, long length) {}

  /** What torch calls storages of each type; types that cannot be loaded have no TensorType. */
  private enum StorageType {
    DoubleStorage(8, TensorType.F64),
    FloatStorage(4, TensorType.F32),
    HalfStorage(2, TensorType.F16),
    BFloat16Storage(2, TensorType.BF16),
    LongStorage(8, TensorType.I64),
    IntStorage(4, TensorType.I32),
    ShortStorage(2, null),
    CharStorage(1, TensorType.I8),
    ByteStorage(1, TensorType.U8),
    BoolStorage(1, TensorType.BOOL),
    ComplexFloatStorage(8, null),
    ComplexDoubleStorage(16, null),
    QInt8Storage(1, null),
    QUInt8Storage(1, null),
    QInt32Storage(4, null);

    private final int bytes;
    private final @Nullable TensorType type;

    StorageType(int bytes, @Nullable TensorType type) {
      this.bytes = bytes;
      this.type = type;
    }

    static @Nullable StorageType of(PickleValue value) {
      if (value instanceof Global(String global)) {
        for (StorageType type : values()) {
          if (global.equals("torch." + type)) {
            return type;
          }
        }
      }
      return null;
    }
  }

  /** Finds the tensors; their storages are looked up, and not read. */
  static StateDict of(WeightsFile file, PickleValue value, Function<String, Place> storages) {
    Dictionary root = dictionary(value);
    if (root == null) {
      throw bad(file, "expected a dict of tensors");
    }
    Collector collector = new Collector(file, storages);
    PickleValue inner = root.get("state_dict");
    Dictionary state = inner == null ? null : dictionary(inner);
    root.items()
        .forEach(
            (key, note) -> {
              String text = plain(note);
              if (key instanceof Text(String name) && text != null) {
                collector.metadata.put(name, text);
              }
            });
    collector.collect("", state == null ? root : state, 0);
    if (collector.tensors.isEmpty()) {
      throw bad(file, "expected named tensors, got none");
    }
    return new StateDict(collector.tensors, collector.metadata);
  }

  /** Bytes of an element of each storage that the value refers to, wherever it does. */
  static Map<String, Integer> elementBytes(PickleValue value) {
    Map<String, Integer> bytes = new HashMap<>();
    Set<PickleValue> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Deque<PickleValue> open = new ArrayDeque<>(List.of(value));
    while (!open.isEmpty()) {
      PickleValue next = open.pop();
      if (!seen.add(next)) {
        continue;
      }
      switch (next) {
        case Sequence sequence -> sequence.elements().forEach(open::push);
        case Dictionary dictionary -> {
          dictionary.items().keySet().forEach(open::push);
          dictionary.items().values().forEach(open::push);
        }
        case Made made -> {
          made.arguments().forEach(open::push);
          open.push(made.items());
          open.push(made.state());
        }
        case Persistent persistent -> {
          List<PickleValue> id = persistent.id();
          StorageType type = id.size() > 2 ? StorageType.of(id.get(1)) : null;
          if (type != null && id.get(2) instanceof Text(String key)) {
            bytes.put(key, type.bytes);
          }
        }
        case PickleValue.None none -> {}
        case Text text -> {}
        case Whole whole -> {}
        case Real real -> {}
        case Flag flag -> {}
        case PickleValue.Bytes raw -> {}
        case Global global -> {}
      }
    }
    return bytes;
  }

  private static @Nullable Dictionary dictionary(PickleValue value) {
    return switch (value) {
      case Dictionary dictionary -> dictionary;
      // A subclass of dict, or a container of parameters, whose state holds them.
      case Made made when !made.items().items().isEmpty() -> made.items();
      case Made made
          when made.by().endsWith("ParameterDict") && made.state() instanceof Dictionary state ->
          state;
      default -> null;
    };
  }

  private static @Nullable String plain(PickleValue value) {
    return switch (value) {
      case Text(String text) when text.length() <= MAX_NOTE -> text;
      case Whole(BigInteger number) -> number.toString();
      case Real(double number) -> Double.toString(number);
      case Flag(boolean flag) -> Boolean.toString(flag);
      default -> null;
    };
  }

  private static DiffusionException bad(WeightsFile file, String what) {
    return DiffusionException.badCheckpoint(file.path() + ": " + what);
  }

  private static final class Collector {
    private final WeightsFile file;
    private final Function<String, Place> storages;
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final Set<Dictionary> seen = Collections.newSetFromMap(new IdentityHashMap<>());

    private Collector(WeightsFile file, Function<String, Place> storages) {
      this.file = file;
      this.storages = storages;
    }

    private void collect(String prefix, Dictionary dictionary, int depth) {
      // Each dict once: a hostile pickle may share one a million times over, or close a circle.
      if (depth > MAX_DEPTH || !seen.add(dictionary)) {
        return;
      }
      dictionary
          .items()
          .forEach(
              (key, value) -> {
                if (key instanceof Text(String name)) {
                  take(prefix + name, value, depth);
                }
              });
    }

    private void take(String key, PickleValue value, int depth) {
      Made tensor = tensor(value);
      if (tensor != null) {
        if (tensors.put(key, view(key, tensor)) != null) {
          throw bad(file, "tensor %s is there twice".formatted(key));
        }
        return;
      }
      Dictionary nested = dictionary(value);
      if (nested != null) {
        collect(key + ".", nested, depth + 1);
      }
    }

    /** The call of a {@code _rebuild_tensor...} that makes the value, or null. */
    private static @Nullable Made tensor(PickleValue value) {
      PickleValue inner = value;
      // A parameter wraps a tensor; a subclass wraps the call of its rebuilding.
      for (int wrapped = 0; wrapped < 4 && inner instanceof Made made; wrapped++) {
        switch (made.by()) {
          case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2" -> {
            return made;
          }
          case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state" ->
              inner = made.arguments().isEmpty() ? PickleValue.None.NONE : made.arguments().get(0);
          case "torch._tensor._rebuild_from_type_v2" ->
              inner =
                  made.arguments().size() < 3
                      ? PickleValue.None.NONE
                      : Made.of(made.arguments().get(0), made.arguments().get(2));
          default -> {
            return null;
          }
        }
      }
      return null;
    }

    /** {@code (storage, offset, size, stride, ...)}. */
    private StoredTensor view(String key, Made tensor) {
      List<PickleValue> arguments = tensor.arguments();
      if (arguments.size() < 4 || !(arguments.get(0) instanceof Persistent storage)) {
        throw bad(file, "tensor %s is not made of a storage".formatted(key));
      }
      List<PickleValue> id = storage.id();
      StorageType kind = id.size() >= 5 ? StorageType.of(id.get(1)) : null;
      if (kind == null
          || !(id.get(2) instanceof Text(String name))
          || id.size() > 5 && id.get(5) != PickleValue.None.NONE) {
        throw bad(file, "tensor %s has a storage of an unknown kind".formatted(key));
      }
      TensorType type = kind.type;
      if (type == null) {
        throw bad(
            file,
            "tensor %s: expected an element type among %s, got torch.%s; convert the file first"
                .formatted(key, List.of(TensorType.values()), kind));
      }
      Place place = storages.apply(name);
      long elements = place.length() / type.bytes();
      if (elements < number(key, id.get(4))) {
        throw bad(
            file,
            "tensor %s: expected %s elements in storage %s, got %d: the file is truncated or damaged"
                .formatted(key, plain(id.get(4)), name, elements));
      }
      long offset = number(key, arguments.get(1));
      long[] sizes = numbers(key, arguments.get(2));
      long[] strides = numbers(key, arguments.get(3));
      check(key, elements, offset, sizes, strides);
      return TensorView.strided(
          file, type, new Shape(sizes), strides, place.position() + offset * type.bytes());
    }

    /**
     * All elements lie in the storage, and there are no more of them than it has: a tensor that
     * shows one number a billion times would not fit in memory.
     */
    private void check(String key, long elements, long offset, long[] sizes, long[] strides) {
      boolean fits = sizes.length == strides.length && sizes.length <= MAX_DIMENSIONS;
      try {
        long count = 1;
        long last = offset;
        for (int i = 0; fits && i < sizes.length; i++) {
          count = Math.multiplyExact(count, Math.max(1, sizes[i]));
          last = Math.addExact(last, Math.multiplyExact(Math.max(0, sizes[i] - 1), strides[i]));
        }
        boolean isEmpty = java.util.Arrays.stream(sizes).anyMatch(size -> size == 0);
        fits &=
            isEmpty
                ? offset <= elements && count <= 1L << 48
                : last < elements && count <= elements;
      } catch (ArithmeticException e) {
        fits = false;
      }
      if (!fits) {
        throw bad(
            file,
            "tensor %s of sizes %s and strides %s from %d does not lie in its storage of %d elements"
                .formatted(
                    key,
                    java.util.Arrays.toString(sizes),
                    java.util.Arrays.toString(strides),
                    offset,
                    elements));
      }
    }

    private long[] numbers(String key, PickleValue value) {
      PickleValue inner = value;
      // torch.Size((1, 2)) where it is not a plain tuple.
      if (value instanceof Made made && made.arguments().size() == 1) {
        inner = made.arguments().get(0);
      }
      if (!(inner instanceof Sequence sequence)) {
        throw bad(file, "tensor %s has no proper sizes and strides".formatted(key));
      }
      return sequence.elements().stream().mapToLong(element -> number(key, element)).toArray();
    }

    private long number(String key, PickleValue value) {
      if (value instanceof Whole(BigInteger number)
          && number.signum() >= 0
          && number.compareTo(MAX_NUMBER) <= 0) {
        return number.longValue();
      }
      throw bad(file, "tensor %s: expected whole numbers for its sizes".formatted(key));
    }
  }
}
