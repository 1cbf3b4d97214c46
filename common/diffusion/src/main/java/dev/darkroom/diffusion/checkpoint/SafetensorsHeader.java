package dev.darkroom.diffusion.checkpoint;

import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.darkroom.diffusion.DiffusionException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a safetensors file, checked against the file: 8 bytes of length, then JSON that
 * gives each tensor its type, shape and place. The tensors must fill the rest of the file without a
 * gap, which is what tells a truncated file from a whole one.
 */
record SafetensorsHeader(Map<String, StoredTensor> tensors, Map<String, String> metadata) {
  /**
   * Real headers stay below one megabyte; the limit bounds what a lying file can make us allocate.
   */
  private static final int MAX_BYTES = 16 << 20;

  private static final int MAX_DIMENSIONS = 16;

  private static final ObjectMapper JSON =
      new ObjectMapper(
          JsonFactory.builder()
              .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
              .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(4).build())
              .build());

  /** A tensor of the header, before its place is compared with the others'. */
  private record Entry(String key, TensorType type, Shape shape, long offset, long length) {}

  static SafetensorsHeader read(WeightsFile file) {
    long size = file.size();
    if (size < 8) {
      throw bad(file, "expected at least 8 bytes, got " + size + file.guess());
    }
    long length = file.bytes(0, 8).getLong(0);
    if (length < 2 || length > MAX_BYTES || length > size - 8) {
      throw bad(
          file,
          "it says its header has %s bytes, of a file with %d%s"
              .formatted(Long.toUnsignedString(length), size, guess(file)));
    }
    JsonNode json;
    try {
      json = JSON.readTree(StandardCharsets.UTF_8.decode(file.bytes(8, (int) length)).toString());
    } catch (JsonProcessingException e) {
      throw bad(file, "its header is not JSON (" + e.getOriginalMessage() + ")");
    }
    if (!json.isObject()) {
      throw bad(file, "its header is not a JSON object");
    }
    return parse(file, json, 8 + length);
  }

  private static SafetensorsHeader parse(WeightsFile file, JsonNode json, long dataStart) {
    Map<String, String> metadata = new LinkedHashMap<>();
    List<Entry> entries = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      if (field.getKey().equals("__metadata__")) {
        field
            .getValue()
            .properties()
            .forEach(note -> metadata.put(note.getKey(), note.getValue().asText()));
      } else {
        entries.add(entry(file, field.getKey(), field.getValue(), dataStart));
      }
    }
    entries.sort(Comparator.comparingLong(Entry::offset).thenComparingLong(Entry::length));
    long end = dataStart;
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (Entry entry : entries) {
      if (entry.offset() != end) {
        throw bad(
            file,
            "tensor %s starts at byte %d, expected %d".formatted(entry.key(), entry.offset(), end));
      }
      end += entry.length();
      tensors.put(
          entry.key(), TensorView.contiguous(file, entry.type(), entry.shape(), entry.offset()));
    }
    if (end != file.size()) {
      throw bad(file, "its tensors end at byte %d of %d".formatted(end, file.size()));
    }
    return new SafetensorsHeader(
        Collections.unmodifiableMap(tensors), Collections.unmodifiableMap(metadata));
  }

  private static Entry entry(WeightsFile file, String key, JsonNode json, long dataStart) {
    String where = file.path() + ": tensor " + key;
    long room = file.size() - dataStart;
    TensorType type = TensorType.named(json.path("dtype").asText(), where);
    JsonNode dimensions = json.path("shape");
    JsonNode offsets = json.path("data_offsets");
    if (!dimensions.isArray()
        || dimensions.size() > MAX_DIMENSIONS
        || !offsets.isArray()
        || offsets.size() != 2) {
      throw bad(file, "tensor " + key + " has no proper shape and data_offsets");
    }
    long begin = number(file, key, offsets.get(0));
    long end = number(file, key, offsets.get(1));
    if (begin > end || end > room) {
      throw bad(
          file,
          "tensor %s lies at bytes %d to %d of %d: the file is truncated or damaged"
              .formatted(key, begin, end, room));
    }
    long[] shape = new long[dimensions.size()];
    long expected = type.bytes();
    // Without the zeros, behind which an overflow could hide.
    long largest = type.bytes();
    for (int i = 0; i < shape.length; i++) {
      shape[i] = number(file, key, dimensions.get(i));
      expected *= shape[i];
      try {
        largest = Math.multiplyExact(largest, Math.max(1, shape[i]));
      } catch (ArithmeticException e) {
        throw bad(file, "tensor " + key + " has an impossible shape " + dimensions);
      }
    }
    if (expected != end - begin) {
      throw bad(
          file,
          "tensor %s of type %s and shape %s needs %d bytes, got %d"
              .formatted(key, type, dimensions, expected, end - begin));
    }
    return new Entry(key, type, new Shape(shape), dataStart + begin, expected);
  }

  private static long number(WeightsFile file, String key, JsonNode json) {
    if (!json.isIntegralNumber() || !json.canConvertToLong() || json.longValue() < 0) {
      throw bad(file, "tensor %s: expected a whole number, got %s".formatted(key, json));
    }
    return json.longValue();
  }

  private static String guess(WeightsFile file) {
    String start = StandardCharsets.ISO_8859_1.decode(file.bytes(0, 2)).toString();
    return start.equals("PK") || start.startsWith("\u0080")
        ? ": it is a pickle under the name of a safetensors file; name it .ckpt"
        : file.guess();
  }

  private static DiffusionException bad(WeightsFile file, String what) {
    return DiffusionException.badCheckpoint(
        file.path() + " is not a whole safetensors file: " + what);
  }
}
