package dev.darkroom.diffusion.checkpoint;

import dev.darkroom.diffusion.DiffusionException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where the entries of a zip file lie. {@code java.util.zip} does not say, and bytes that lie
 * uncompressed, as torch.save leaves them, can be mapped.
 */
record ZipDirectory(Map<String, Entry> entries) {
  private static final int END = 0x06054b50;
  private static final int END_BYTES = 22;
  private static final int MAX_COMMENT = 0xffff;
  private static final int LOCATOR_64 = 0x07064b50;
  private static final int LOCATOR_64_BYTES = 20;
  private static final int END_64 = 0x06064b50;
  private static final int CENTRAL = 0x02014b50;
  private static final int CENTRAL_BYTES = 46;
  private static final int LOCAL = 0x04034b50;
  private static final int LOCAL_BYTES = 30;
  private static final long SEE_64 = 0xffffffffL;

  /** A directory of a large checkpoint has a few thousand entries of about 100 bytes. */
  private static final int MAX_DIRECTORY = 32 << 20;

  /**
   * @param header where its local header starts
   * @param length of the bytes as they lie in the file
   * @param isStored whether they are neither compressed nor encrypted
   */
  record Entry(WeightsFile file, String name, long header, long length, boolean isStored) {

    /**
     * Where the bytes start.
     *
     * @throws DiffusionException if they are compressed, or not wholly in the file
     */
    long position() {
      if (!isStored) {
        throw bad(file, "entry %s is compressed; save it again with torch.save".formatted(name));
      }
      ByteBuffer local = file.bytes(header, LOCAL_BYTES);
      if (local.remaining() < LOCAL_BYTES || local.getInt(0) != LOCAL) {
        throw bad(file, "entry %s does not lie where the directory says".formatted(name));
      }
      long start = header + LOCAL_BYTES + unsigned(local, 26) + unsigned(local, 28);
      if (length > file.size() - start) {
        throw bad(file, "entry %s goes beyond the end of the file".formatted(name));
      }
      return start;
    }
  }

  static ZipDirectory read(WeightsFile file) {
    long tailStart = Math.max(0, file.size() - END_BYTES - MAX_COMMENT);
    ByteBuffer tail = file.bytes(tailStart, END_BYTES + MAX_COMMENT);
    int end = tail.remaining() - END_BYTES;
    while (end >= 0 && tail.getInt(end) != END) {
      end--;
    }
    if (end < 0) {
      throw bad(file, "it has no directory at its end: the file is truncated");
    }
    long size = Integer.toUnsignedLong(tail.getInt(end + 12));
    long start = Integer.toUnsignedLong(tail.getInt(end + 16));
    if (size == SEE_64 || start == SEE_64 || unsigned(tail, end + 10) == 0xffff) {
      ByteBuffer locator = file.bytes(tailStart + end - LOCATOR_64_BYTES, LOCATOR_64_BYTES);
      if (locator.remaining() < LOCATOR_64_BYTES || locator.getInt(0) != LOCATOR_64) {
        throw bad(file, "it lacks the directory of a large zip file");
      }
      long record = locator.getLong(8);
      ByteBuffer large = record < 0 ? ByteBuffer.allocate(0) : file.bytes(record, 56);
      if (large.remaining() < 56 || large.getInt(0) != END_64) {
        throw bad(file, "it lacks the directory of a large zip file");
      }
      size = large.getLong(40);
      start = large.getLong(48);
    }
    if (size < 0 || start < 0 || size > MAX_DIRECTORY || start > file.size() - size) {
      throw bad(file, "its directory has %d bytes from byte %d".formatted(size, start));
    }
    return new ZipDirectory(parse(file, file.bytes(start, (int) size)));
  }

  private static Map<String, Entry> parse(WeightsFile file, ByteBuffer directory) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    while (directory.remaining() >= CENTRAL_BYTES) {
      int at = directory.position();
      if (directory.getInt(at) != CENTRAL) {
        throw bad(file, "its directory is damaged");
      }
      int nameLength = unsigned(directory, at + 28);
      int extraLength = unsigned(directory, at + 30);
      int next = CENTRAL_BYTES + nameLength + extraLength + unsigned(directory, at + 32);
      if (next > directory.remaining()) {
        throw bad(file, "its directory is damaged");
      }
      String name =
          StandardCharsets.UTF_8.decode(directory.slice(at + CENTRAL_BYTES, nameLength)).toString();
      Entry entry = entry(file, directory, at, name, nameLength, extraLength);
      if (entries.putIfAbsent(name, entry) != null) {
        throw bad(file, "entry %s is there twice".formatted(name));
      }
      directory.position(at + next);
    }
    return Collections.unmodifiableMap(entries);
  }

  private static Entry entry(
      WeightsFile file,
      ByteBuffer directory,
      int at,
      String name,
      int nameLength,
      int extraLength) {
    boolean isEncrypted = (unsigned(directory, at + 8) & 1) != 0;
    boolean isStored = unsigned(directory, at + 10) == 0 && !isEncrypted;
    long compressed = Integer.toUnsignedLong(directory.getInt(at + 20));
    long plain = Integer.toUnsignedLong(directory.getInt(at + 24));
    long header = Integer.toUnsignedLong(directory.getInt(at + 42));
    // Extra field 1 holds, in this order, the numbers that do not fit.
    ByteBuffer extra =
        directory
            .slice(at + CENTRAL_BYTES + nameLength, extraLength)
            .order(java.nio.ByteOrder.LITTLE_ENDIAN);
    while (extra.remaining() >= 4) {
      int id = Short.toUnsignedInt(extra.getShort());
      int length = Math.min(Short.toUnsignedInt(extra.getShort()), extra.remaining());
      ByteBuffer field =
          extra.slice(extra.position(), length).order(java.nio.ByteOrder.LITTLE_ENDIAN);
      extra.position(extra.position() + length);
      if (id == 1) {
        plain = plain == SEE_64 && field.remaining() >= 8 ? field.getLong() : plain;
        compressed = compressed == SEE_64 && field.remaining() >= 8 ? field.getLong() : compressed;
        header = header == SEE_64 && field.remaining() >= 8 ? field.getLong() : header;
      }
    }
    if (compressed < 0 || header < 0 || header > file.size() || compressed > file.size()) {
      throw bad(file, "entry %s lies outside of the file".formatted(name));
    }
    return new Entry(file, name, header, compressed, isStored);
  }

  private static int unsigned(ByteBuffer buffer, int at) {
    return Short.toUnsignedInt(buffer.getShort(at));
  }

  private static DiffusionException bad(WeightsFile file, String what) {
    return DiffusionException.badCheckpoint(
        file.path() + " is not a whole zip file of torch.save: " + what);
  }
}
