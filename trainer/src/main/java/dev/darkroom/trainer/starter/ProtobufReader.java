package dev.darkroom.trainer.starter;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The wire format of protocol buffers: tags, and slices of one buffer for what has a length. */
final class ProtobufReader {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH = 2;
  private static final int FIXED32 = 5;

  private final ByteBuffer bytes;
  private int wire;

  ProtobufReader(ByteBuffer bytes) {
    this.bytes = bytes.duplicate();
  }

  /** The next field's number, or 0 at the end. Its value must be read or skipped next. */
  int nextField() throws IOException {
    if (!bytes.hasRemaining()) {
      return 0;
    }
    long tag = varint();
    wire = (int) (tag & 7);
    return (int) (tag >>> 3);
  }

  long varint() throws IOException {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (!bytes.hasRemaining()) {
        throw new EOFException("a number ends early");
      }
      byte part = bytes.get();
      value |= (long) (part & 0x7f) << shift;
      if (part >= 0) {
        return value;
      }
    }
    throw new IOException("a number is longer than 64 bits");
  }

  /** The bytes of a message, string or packed list, not copied. */
  ByteBuffer slice() throws IOException {
    long length = varint();
    if (length < 0 || length > bytes.remaining()) {
      throw new EOFException("a field of %d bytes ends early".formatted(length));
    }
    ByteBuffer slice = bytes.slice(bytes.position(), (int) length);
    bytes.position(bytes.position() + (int) length);
    return slice;
  }

  String string() throws IOException {
    return java.nio.charset.StandardCharsets.UTF_8.decode(slice()).toString();
  }

  /** Integers of a repeated field, whether packed or one by one. */
  void addIntegersTo(java.util.List<Long> values) throws IOException {
    if (wire == VARINT) {
      values.add(varint());
      return;
    }
    ProtobufReader packed = new ProtobufReader(slice());
    while (packed.bytes.hasRemaining()) {
      values.add(packed.varint());
    }
  }

  void skip() throws IOException {
    switch (wire) {
      case VARINT -> varint();
      case LENGTH -> slice();
      case FIXED64 -> advance(8);
      case FIXED32 -> advance(4);
      default -> throw new IOException("wire type %d is not one".formatted(wire));
    }
  }

  private void advance(int count) throws IOException {
    if (bytes.remaining() < count) {
      throw new EOFException("a number ends early");
    }
    bytes.position(bytes.position() + count);
  }
}
