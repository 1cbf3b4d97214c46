package dev.darkroom.diffusion.checkpoint.pickle;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Bytes;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Dictionary;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Flag;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Global;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Made;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.None;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Persistent;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Real;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Sequence;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Text;
import dev.darkroom.diffusion.checkpoint.pickle.PickleValue.Whole;
import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Reads one pickle, of protocols 1 to 5, into values. It is a stack machine without recursion that
 * makes at most one value an opcode, so neither its depth nor its memory can outgrow the bytes that
 * it reads.
 */
public final class PickleReader {
  private static final Set<String> DICTIONARIES =
      Set.of("collections.OrderedDict", "builtins.dict", "__builtin__.dict");

  /** Whole numbers beyond this are no part of a checkpoint. */
  private static final int MAX_NUMBER_BYTES = 64;

  private final String name;
  private final ByteBuffer in;
  private final Predicate<String> allowed;
  private final List<PickleValue> stack = new ArrayList<>();
  private final Deque<Integer> marks = new ArrayDeque<>();
  private final Map<Long, PickleValue> memo = new HashMap<>();

  private PickleReader(String name, ByteBuffer in, Predicate<String> allowed) {
    this.name = name;
    this.in = in.order(ByteOrder.LITTLE_ENDIAN);
    this.allowed = allowed;
  }

  /**
   * Reads the pickle at the buffer's position, and leaves the position behind it.
   *
   * @param name what errors call it: the file
   * @param allowed the globals, {@code module.name}, that may be kept; any other is refused by name
   * @throws DiffusionException if it is no whole pickle, or asks for anything else than data
   */
  public static PickleValue read(String name, ByteBuffer in, Predicate<String> allowed) {
    try {
      return new PickleReader(name, in, allowed).run();
    } catch (BufferUnderflowException e) {
      throw DiffusionException.badCheckpoint(
          name + ": its pickle ends early: the file is truncated or damaged", e);
    }
  }

  private PickleValue run() {
    while (true) {
      int opcode = in.get() & 0xff;
      if (opcode == '.') {
        return pop();
      }
      step(opcode);
    }
  }

  /** One opcode, by the letters of Python's pickle.py. */
  private void step(int opcode) {
    switch (opcode) {
      case 0x80 -> protocol(in.get()); // PROTO
      case 0x95 -> in.getLong(); // FRAME
      case '(' -> marks.push(stack.size());
      case '0' -> pop();
      case '1' -> popToMark(); // POP_MARK
      case '2' -> push(top()); // DUP
      case 'N' -> push(None.NONE);
      case 0x88 -> push(new Flag(true));
      case 0x89 -> push(new Flag(false));
      case 'J' -> push(Whole.of(in.getInt())); // BININT
      case 'K' -> push(Whole.of(in.get() & 0xff)); // BININT1
      case 'M' -> push(Whole.of(in.getShort() & 0xffff)); // BININT2
      case 'I' -> integerLine(); // INT
      case 'L' -> push(whole(line().replaceAll("L$", ""))); // LONG
      case 0x8a -> push(number(in.get() & 0xff)); // LONG1
      case 0x8b -> push(number(in.getInt())); // LONG4
      case 'F' -> push(new Real(real(line()))); // FLOAT
      case 'G' -> push(bigEndianReal()); // BINFLOAT
      case 'X' -> push(text(unsignedInt(), StandardCharsets.UTF_8)); // BINUNICODE
      case 0x8c -> push(text(in.get() & 0xff, StandardCharsets.UTF_8)); // SHORT_BINUNICODE
      case 0x8d -> push(text(in.getLong(), StandardCharsets.UTF_8)); // BINUNICODE8
      case 'T' -> push(text(unsignedInt(), StandardCharsets.ISO_8859_1)); // BINSTRING
      case 'U' -> push(text(in.get() & 0xff, StandardCharsets.ISO_8859_1)); // SHORT_BINSTRING
      case 'B' -> bytes(unsignedInt()); // BINBYTES
      case 'C' -> bytes(in.get() & 0xff); // SHORT_BINBYTES
      case 0x8e, 0x96 -> bytes(in.getLong()); // BINBYTES8, BYTEARRAY8
      case ')', ']', 0x8f -> push(new Sequence(new ArrayList<>())); // EMPTY_TUPLE, _LIST, _SET
      case '}' -> push(new Dictionary());
      case 't', 'l', 0x91 -> push(new Sequence(popToMark())); // TUPLE, LIST, FROZENSET
      case 0x85 -> push(new Sequence(pop(1))); // TUPLE1
      case 0x86 -> push(new Sequence(pop(2)));
      case 0x87 -> push(new Sequence(pop(3)));
      case 'd' -> { // DICT
        List<PickleValue> items = popToMark();
        push(new Dictionary());
        setItems(items);
      }
      case 'a' -> append(pop(1)); // APPEND
      case 'e', 0x90 -> append(popToMark()); // APPENDS, ADDITEMS
      case 's' -> setItems(pop(2)); // SETITEM
      case 'u' -> setItems(popToMark()); // SETITEMS
      case 'c' -> global(line(), line()); // GLOBAL
      case 0x93 -> stackGlobal(); // STACK_GLOBAL
      case 'R', 0x81 -> call(pop(2)); // REDUCE, NEWOBJ
      case 0x92 -> { // NEWOBJ_EX
        List<PickleValue> parts = pop(3);
        call(parts.subList(0, 2));
      }
      case 'b' -> build(pop()); // BUILD
      case 'Q' -> push(new Persistent(pop())); // BINPERSID
      case 'q' -> memo.put((long) (in.get() & 0xff), top()); // BINPUT
      case 'r' -> memo.put(unsignedInt(), top()); // LONG_BINPUT
      case 'p' -> memo.put(whole(line()).value().longValue(), top()); // PUT
      case 0x94 -> memo.put((long) memo.size(), top()); // MEMOIZE
      case 'h' -> recall(in.get() & 0xff); // BINGET
      case 'j' -> recall(unsignedInt()); // LONG_BINGET
      case 'g' -> recall(whole(line()).value().longValue()); // GET
      default ->
          throw bad(
              "opcode 0x%02x at byte %d is not one of plain data"
                  .formatted(opcode, in.position() - 1));
    }
  }

  private void protocol(int version) {
    if (version < 1 || version > 5) {
      throw bad("expected protocol 1 to 5, got " + version);
    }
  }

  private void global(String module, String function) {
    String global = module + "." + function;
    if (!allowed.test(global)) {
      throw DiffusionException.badCheckpoint(
          "%s: its pickle asks for %s, which is code; only tensors and plain data are read, so have its maker save it as safetensors"
              .formatted(name, printable(global)));
    }
    push(new Global(global));
  }

  private void stackGlobal() {
    List<PickleValue> names = pop(2);
    if (names.get(0) instanceof Text(String module)
        && names.get(1) instanceof Text(String function)) {
      global(module, function);
    } else {
      throw bad("a global without a name");
    }
  }

  /** Keeps a call as data; a dictionary alone is made, for all of those hold data. */
  private void call(List<PickleValue> functionAndArguments) {
    PickleValue function = functionAndArguments.get(0);
    if (function instanceof Global(String global) && DICTIONARIES.contains(global)) {
      Dictionary made = new Dictionary();
      push(made);
      // Python 2 and protocol 0 give the pairs as the one argument.
      if (functionAndArguments.get(1) instanceof Sequence arguments
          && !arguments.elements().isEmpty()
          && arguments.elements().get(0) instanceof Sequence pairs) {
        for (PickleValue pair : pairs.elements()) {
          if (pair instanceof Sequence both && both.elements().size() == 2) {
            made.put(both.elements().get(0), both.elements().get(1));
          }
        }
      }
      return;
    }
    push(new Made(function, functionAndArguments.get(1)));
  }

  private void build(PickleValue state) {
    // The state of a dictionary is attributes, such as a module's versions: no data.
    if (top() instanceof Made made) {
      made.setState(state);
    }
  }

  private void append(List<PickleValue> values) {
    if (top() instanceof Sequence sequence) {
      values.forEach(sequence::add);
    } else if (!(top() instanceof Made)) {
      throw bad("values appended to something that is no list");
    }
  }

  private void setItems(List<PickleValue> keysAndValues) {
    Dictionary target =
        switch (top()) {
          case Dictionary dictionary -> dictionary;
          case Made made -> made.items();
          default -> throw bad("items set on something that is no dict");
        };
    if (keysAndValues.size() % 2 != 0) {
      throw bad("a key without a value");
    }
    for (int i = 0; i < keysAndValues.size(); i += 2) {
      target.put(keysAndValues.get(i), keysAndValues.get(i + 1));
    }
  }

  private void push(PickleValue value) {
    stack.add(value);
  }

  private PickleValue pop() {
    return pop(1).get(0);
  }

  /** The uppermost values, the deepest first. */
  private List<PickleValue> pop(int count) {
    int floor = marks.isEmpty() ? 0 : marks.peek();
    if (stack.size() - floor < count) {
      throw bad("its stack runs empty at byte " + in.position());
    }
    List<PickleValue> above = stack.subList(stack.size() - count, stack.size());
    List<PickleValue> values = new ArrayList<>(above);
    above.clear();
    return values;
  }

  private List<PickleValue> popToMark() {
    if (marks.isEmpty()) {
      throw bad("a mark is missing at byte " + in.position());
    }
    int mark = marks.pop();
    List<PickleValue> above = stack.subList(mark, stack.size());
    List<PickleValue> values = new ArrayList<>(above);
    above.clear();
    return values;
  }

  private PickleValue top() {
    if (stack.isEmpty()) {
      throw bad("its stack runs empty at byte " + in.position());
    }
    return stack.getLast();
  }

  private void recall(long index) {
    PickleValue value = memo.get(index);
    if (value == null) {
      throw bad("memo %d is asked for before it was kept".formatted(index));
    }
    push(value);
  }

  private long unsignedInt() {
    return Integer.toUnsignedLong(in.getInt());
  }

  private Text text(long length, Charset charset) {
    ByteBuffer bytes = slice(length);
    return new Text(charset.decode(bytes).toString());
  }

  private void bytes(long length) {
    slice(length);
    push(new Bytes((int) length));
  }

  private ByteBuffer slice(long length) {
    if (length < 0 || length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    ByteBuffer slice = in.slice(in.position(), (int) length);
    in.position(in.position() + (int) length);
    return slice;
  }

  private Real bigEndianReal() {
    return new Real(Double.longBitsToDouble(Long.reverseBytes(in.getLong())));
  }

  /** Two's complement, little-endian. */
  private Whole number(int length) {
    if (length < 0 || length > MAX_NUMBER_BYTES) {
      throw bad("a number of %d bytes".formatted(length));
    }
    byte[] bigEndian = new byte[length];
    for (int i = length - 1; i >= 0; i--) {
      bigEndian[i] = in.get();
    }
    return new Whole(length == 0 ? BigInteger.ZERO : new BigInteger(bigEndian));
  }

  /** Protocol 0 writes its flags as numbers of two digits. */
  private void integerLine() {
    String line = line();
    push(
        switch (line) {
          case "00" -> new Flag(false);
          case "01" -> new Flag(true);
          default -> whole(line);
        });
  }

  private Whole whole(String digits) {
    if (!digits.matches("-?[0-9]{1,40}")) {
      throw bad("a number that is none: " + printable(digits));
    }
    return new Whole(new BigInteger(digits));
  }

  private double real(String digits) {
    try {
      return Double.parseDouble(digits);
    } catch (NumberFormatException e) {
      throw bad("a number that is none: " + printable(digits));
    }
  }

  private String line() {
    int start = in.position();
    while (in.get() != '\n') {}
    return StandardCharsets.UTF_8
        .decode(in.slice(start, in.position() - 1 - start))
        .toString()
        .stripTrailing();
  }

  private DiffusionException bad(String what) {
    return DiffusionException.badCheckpoint(name + " is not a pickle of plain data: " + what);
  }

  /** Names come from the file: one line of a bearable length. */
  private static String printable(String text) {
    String line = text.replaceAll("[^\\x20-\\x7e]", "?");
    return line.length() <= 100 ? line : line.substring(0, 100) + "...";
  }
}
