package dev.darkroom.cli.generate;

import dev.darkroom.diffusion.DiffusionException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * A float32 array in NumPy's own file format, little-endian, in C order.
 *
 * @param shape its sizes; their product is the number of values
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record NumpyFile(long[] shape, float[] values) {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int ALIGNMENT = 64;
  private static final long MAX_BYTES = 1L << 30;
  private static final Pattern HEADER =
      Pattern.compile(
          "\\{\\s*'descr':\\s*'([^']*)',\\s*'fortran_order':\\s*(True|False),\\s*'shape':\\s*\\(([\\d,\\s]*)\\),?\\s*\\}\\s*");

  static NumpyFile read(Path file) {
    try {
      if (!Files.isRegularFile(file) || Files.size(file) > MAX_BYTES) {
        throw bad(file, "a file of at most 1 GB");
      }
      return parse(file, ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN));
    } catch (IOException e) {
      throw bad(file, "a file that can be read");
    }
  }

  private static NumpyFile parse(Path file, ByteBuffer bytes) {
    byte[] magic = new byte[MAGIC.length];
    if (bytes.remaining() < 12) {
      throw bad(file, "NumPy's .npy format");
    }
    bytes.get(magic);
    int version = bytes.get();
    bytes.get();
    if (!Arrays.equals(magic, MAGIC) || version < 1 || version > 3) {
      throw bad(file, "NumPy's .npy format");
    }
    int length = version == 1 ? bytes.getShort() & 0xffff : bytes.getInt();
    if (length < 0 || length > bytes.remaining()) {
      throw bad(file, "a whole .npy file");
    }
    byte[] text = new byte[length];
    bytes.get(text);
    Matcher header = HEADER.matcher(new String(text, StandardCharsets.ISO_8859_1));
    if (!header.matches() || !header.group(1).equals("<f4") || header.group(2).equals("True")) {
      throw bad(file, "float32 in C order");
    }
    long[] shape =
        Arrays.stream(header.group(3).split(",", -1))
            .map(String::strip)
            .filter(size -> !size.isEmpty())
            .mapToLong(size -> size.length() > 9 ? Integer.MAX_VALUE : Long.parseLong(size))
            .toArray();
    double count = Arrays.stream(shape).asDoubleStream().reduce(1, (a, b) -> a * b);
    if (count * Float.BYTES != bytes.remaining()) {
      throw bad(file, "a whole .npy file");
    }
    float[] values = new float[(int) count];
    bytes.asFloatBuffer().get(values);
    return new NumpyFile(shape, values);
  }

  byte[] toBytes() {
    String sizes = LongStream.of(shape).mapToObj(Long::toString).collect(Collectors.joining(", "));
    String text =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }"
            .formatted(shape.length == 1 ? sizes + "," : sizes);
    int start = MAGIC.length + 4;
    int padded = (start + text.length() + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - start;
    ByteBuffer bytes =
        ByteBuffer.allocate(start + padded + Float.BYTES * values.length)
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) padded);
    bytes.put(
        (text + " ".repeat(padded - text.length() - 1) + "\n").getBytes(StandardCharsets.US_ASCII));
    for (float value : values) {
      bytes.putFloat(value);
    }
    return bytes.array();
  }

  private static DiffusionException bad(Path file, String expected) {
    return DiffusionException.badInput(
        "%s: expected %s, got something else".formatted(file, expected));
  }
}
