package dev.darkroom.diffusion.checkpoint;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes safetensors files. A file appears under its name only when it is whole and on the disk: a
 * crash leaves the old one, or none.
 */
public final class SafetensorsWriter {
  private static final ObjectMapper JSON = new ObjectMapper();

  private SafetensorsWriter() {}

  /** A tensor to write, as the header describes it. */
  private record Part(String key, TensorType type, Shape shape, Body body) {
    long bytes() {
      return shape.size() * type.bytes();
    }
  }

  @FunctionalInterface
  private interface Body {
    void writeTo(FileChannel channel) throws IOException;
  }

  /**
   * Writes tensors that are in memory.
   *
   * @param tensors by key, float32 or int64; written in this order
   * @param floating what float32 tensors are stored as: F32, F16 or BF16; int64 tensors stay I64
   * @param metadata the file's notes, {@code format} is added
   * @throws DiffusionException if a value is not finite, or too large for F16
   */
  public static void write(
      Path path, Map<String, NDArray> tensors, TensorType floating, Map<String, String> metadata) {
    List<Part> parts = new ArrayList<>();
    tensors.forEach(
        (key, array) -> {
          TensorType from = stored(key, array.getDataType());
          TensorType to = FloatingPoint.target(from, floating);
          parts.add(
              new Part(
                  key,
                  to,
                  array.getShape(),
                  channel ->
                      convert(
                          key, from, to, MemorySegment.ofBuffer(array.toByteBuffer()), channel)));
        });
    write(path, parts, metadata);
  }

  /**
   * Writes tensors that lie in other files, a piece at a time.
   *
   * @param tensors by key, written in this order
   * @param floating what floating types become: F32, F16 or BF16; null to keep each as it is. Other
   *     types are kept, and numbers that are no weights.
   * @param metadata the file's notes, {@code format} is added
   * @throws DiffusionException if a floating value is not finite, or too large for F16
   */
  public static void copy(
      Path path,
      Map<String, StoredTensor> tensors,
      @Nullable TensorType floating,
      Map<String, String> metadata) {
    List<Part> parts = new ArrayList<>();
    tensors.forEach(
        (key, tensor) -> {
          TensorType from = tensor.type();
          TensorType to =
              floating == null || tensor instanceof StoredNumbers
                  ? from
                  : FloatingPoint.target(from, floating);
          parts.add(
              new Part(
                  key,
                  to,
                  tensor.shape(),
                  channel ->
                      tensor.read(
                          (elements, first, count) -> convert(key, from, to, elements, channel))));
        });
    write(path, parts, metadata);
  }

  private static void write(Path path, List<Part> parts, Map<String, String> metadata) {
    Path unfinished = path.resolveSibling(path.getFileName() + ".part");
    try {
      try (FileChannel channel =
          FileChannel.open(
              unfinished,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        writeFully(channel, header(parts, metadata));
        for (Part part : parts) {
          part.body().writeTo(channel);
        }
        channel.force(true);
      }
      Files.move(
          unfinished, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw cannotWrite(path, e);
    } catch (UncheckedIOException e) {
      throw cannotWrite(path, e.getCause());
    } finally {
      deleteIfLeft(unfinished);
    }
  }

  private static ByteBuffer header(List<Part> parts, Map<String, String> metadata) {
    ObjectNode json = JSON.createObjectNode();
    ObjectNode notes = json.putObject("__metadata__").put("format", "pt");
    metadata.forEach(notes::put);
    long offset = 0;
    for (Part part : parts) {
      ObjectNode entry = json.putObject(part.key()).put("dtype", part.type().name());
      ArrayNode shape = entry.putArray("shape");
      for (long size : part.shape().getShape()) {
        shape.add(size);
      }
      long end = offset + part.bytes();
      entry.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    byte[] text = json.toString().getBytes(StandardCharsets.UTF_8);
    // Padded with spaces, so that the tensors start aligned.
    int length = (text.length + 7) / 8 * 8;
    ByteBuffer header =
        ByteBuffer.allocate(8 + length).order(ByteOrder.LITTLE_ENDIAN).putLong(length).put(text);
    while (header.hasRemaining()) {
      header.put((byte) ' ');
    }
    return header.flip();
  }

  private static TensorType stored(String key, DataType type) {
    if (type == DataType.FLOAT32) {
      return TensorType.F32;
    }
    if (type == DataType.INT64) {
      return TensorType.I64;
    }
    throw DiffusionException.badInput(
        "tensor %s: expected float32 or int64 to write, got %s".formatted(key, type));
  }

  /** {@link StoredTensor.Pieces} may not throw what a channel does. */
  private static void convert(
      String key, TensorType from, TensorType to, MemorySegment elements, FileChannel channel) {
    try {
      writeFully(channel, FloatingPoint.convert(key, from, to, elements));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static DiffusionException cannotWrite(Path path, @Nullable IOException e) {
    return DiffusionException.internal(
        "cannot write " + path + (e == null ? "" : ": " + e.getMessage()), e);
  }

  private static void deleteIfLeft(Path unfinished) {
    try {
      Files.deleteIfExists(unfinished);
    } catch (IOException e) {
      throw DiffusionException.internal("cannot remove " + unfinished, e);
    }
  }
}
