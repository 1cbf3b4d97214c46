package dev.darkroom.diffusion.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** A component's {@code config.json} while it is written, as {@link ModelConfig} reads it. */
public final class ConfigJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private ConfigJson() {}

  /** A config to write, with the class it is of. */
  public static ObjectNode ofClass(String className) {
    return JsonNodeFactory.instance.objectNode().put("_class_name", className);
  }

  /** The same for a class of transformers. */
  public static ObjectNode ofTransformersClass(String className, String modelType) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.putArray("architectures").add(className);
    return json.put("model_type", modelType);
  }

  /** Writes a config as people read it: two spaces a level, a line at the end. */
  public static void write(Path file, ObjectNode json) {
    try {
      Files.writeString(
          file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
    } catch (IOException e) {
      throw DiffusionException.internal("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  public static void putIntegers(ObjectNode json, String field, List<Integer> values) {
    ArrayNode array = json.putArray(field);
    values.forEach(array::add);
  }

  /**
   * A value for each level, written as one number where all are the same, as published configs do.
   */
  public static void putPerLevel(ObjectNode json, String field, List<Integer> values) {
    if (Set.copyOf(values).size() == 1) {
      json.put(field, values.getFirst());
    } else {
      putIntegers(json, field, values);
    }
  }

  /** The same of lists for levels, written as one number where they have one element. */
  public static void putListPerLevel(ObjectNode json, String field, List<List<Integer>> values) {
    if (values.stream().allMatch(level -> level.size() == 1)) {
      putPerLevel(json, field, values.stream().map(List::getFirst).toList());
      return;
    }
    ArrayNode array = json.putArray(field);
    for (List<Integer> level : values) {
      if (level.size() == 1) {
        array.add(level.getFirst());
      } else {
        ArrayNode inner = array.addArray();
        level.forEach(inner::add);
      }
    }
  }

  public static void putFlagPerLevel(ObjectNode json, String field, List<Boolean> values) {
    if (Set.copyOf(values).size() == 1) {
      json.put(field, values.getFirst());
    } else {
      putFlags(json, field, values);
    }
  }

  private static void putFlags(ObjectNode json, String field, List<Boolean> values) {
    ArrayNode array = json.putArray(field);
    values.forEach(array::add);
  }

  public static void putNames(ObjectNode json, String field, List<? extends Enum<?>> values) {
    ArrayNode array = json.putArray(field);
    values.forEach(value -> array.add(value.name()));
  }
}
