package dev.darkroom.diffusion.checkpoint.pickle;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A value of a pickle. Plain values are equal by content; containers only to themselves, for a
 * hostile pickle may nest them without end, or in a circle.
 */
public sealed interface PickleValue {
  /** Python's None. */
  enum None implements PickleValue {
    NONE
  }

  /** A str, or the bytes of Python 2. */
  record Text(String value) implements PickleValue {}

  /** An int, of any size. */
  record Whole(BigInteger value) implements PickleValue {
    static Whole of(long value) {
      return new Whole(BigInteger.valueOf(value));
    }
  }

  record Real(double value) implements PickleValue {}

  record Flag(boolean value) implements PickleValue {}

  /** Bytes, which nothing here needs: only their number is kept. */
  record Bytes(int length) implements PickleValue {}

  /** A class or function, by its name {@code module.name}. */
  record Global(String name) implements PickleValue {}

  /** A list, tuple or set. */
  final class Sequence implements PickleValue {
    private final List<PickleValue> elements;

    Sequence(List<PickleValue> elements) {
      this.elements = elements;
    }

    public List<PickleValue> elements() {
      return Collections.unmodifiableList(elements);
    }

    void add(PickleValue element) {
      elements.add(element);
    }
  }

  /** A dict or OrderedDict. */
  final class Dictionary implements PickleValue {
    private final Map<PickleValue, PickleValue> items = new LinkedHashMap<>();

    public Map<PickleValue, PickleValue> items() {
      return Collections.unmodifiableMap(items);
    }

    /** The value under a str, or null. */
    public @Nullable PickleValue get(String key) {
      return items.get(new Text(key));
    }

    void put(PickleValue key, PickleValue value) {
      items.put(key, value);
    }
  }

  /** What a call would have made: the function's name and its arguments. Nothing was called. */
  final class Made implements PickleValue {
    private final PickleValue by;
    private final PickleValue arguments;
    private final Dictionary items = new Dictionary();
    private PickleValue state = None.NONE;

    Made(PickleValue by, PickleValue arguments) {
      this.by = by;
      this.arguments = arguments;
    }

    /** A call inside the arguments of another, such as that of a subclass of a tensor. */
    public static Made of(PickleValue by, PickleValue arguments) {
      return new Made(by, arguments);
    }

    /** The function's or class's name, empty where it is not one. */
    public String by() {
      return by instanceof Global global ? global.name() : "";
    }

    /** None where there are none. */
    public List<PickleValue> arguments() {
      return arguments instanceof Sequence sequence ? sequence.elements() : List.of();
    }

    /** What was set on it as on a dict. */
    public Dictionary items() {
      return items;
    }

    /** The state it was given, or None. */
    public PickleValue state() {
      return state;
    }

    void setState(PickleValue state) {
      this.state = state;
    }
  }

  /** An object kept outside of the pickle, such as a tensor's storage, by its id. */
  final class Persistent implements PickleValue {
    private final PickleValue id;

    Persistent(PickleValue id) {
      this.id = id;
    }

    public List<PickleValue> id() {
      return id instanceof Sequence sequence ? sequence.elements() : new ArrayList<>(List.of(id));
    }
  }
}
