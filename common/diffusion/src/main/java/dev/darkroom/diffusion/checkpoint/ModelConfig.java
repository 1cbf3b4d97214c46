package dev.darkroom.diffusion.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.nn.Activation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A component's {@code config.json} while it is read. Each accessor checks the type and remembers
 * the field; at the end {@link #requireAllRead()} refuses a field that nobody understood and that
 * says something, so that no setting is silently ignored.
 */
public final class ModelConfig {
  /** Python writes {@code -Infinity} into schedulers' configs. */
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private static final long MAX_BYTES = 4 << 20;

  private final String name;
  private final ObjectNode json;
  private final Set<String> read = new HashSet<>();

  private ModelConfig(String name, ObjectNode json) {
    this.name = name;
    this.json = json;
  }

  /**
   * @param name what errors call it
   * @param json stays as it is
   */
  public static ModelConfig of(String name, ObjectNode json) {
    return new ModelConfig(name, json);
  }

  public static ModelConfig of(Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        throw DiffusionException.badCheckpoint(
            file + ": no such file; a model component is a folder with config.json");
      }
      if (Files.size(file) > MAX_BYTES) {
        throw DiffusionException.badCheckpoint(
            "%s: expected a config of at most %d bytes, got %d"
                .formatted(file, MAX_BYTES, Files.size(file)));
      }
      return parse(file.toString(), Files.readString(file));
    } catch (IOException e) {
      throw DiffusionException.badCheckpoint(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * @param name what errors call it: the file
   */
  public static ModelConfig parse(String name, String text) {
    try {
      JsonNode json = JSON.readTree(text);
      if (json instanceof ObjectNode object) {
        return of(name, object);
      }
      throw DiffusionException.badCheckpoint(
          name + ": expected a JSON object, got " + json.getNodeType());
    } catch (JsonProcessingException e) {
      throw DiffusionException.badCheckpoint(
          name + ": expected a JSON object, got: " + e.getOriginalMessage(), e);
    }
  }

  /**
   * The class it configures: {@code _class_name} of diffusers, else the first of transformers'
   * {@code architectures}.
   */
  public @Nullable String className() {
    if (json.path("_class_name").isTextual()) {
      return json.path("_class_name").textValue();
    }
    return json.path("architectures").path(0).textValue();
  }

  public int integer(String field, int otherwise) {
    JsonNode value = value(field);
    return value == null ? otherwise : asInteger(field, value);
  }

  public @Nullable Integer optionalInteger(String field) {
    JsonNode value = value(field);
    return value == null ? null : (Integer) asInteger(field, value);
  }

  /** A number, or the first of a list of numbers. */
  public int firstInteger(String field, int otherwise) {
    JsonNode value = value(field);
    if (value == null) {
      return otherwise;
    }
    return asInteger(field, value.isArray() && !value.isEmpty() ? value.get(0) : value);
  }

  public double real(String field, double otherwise) {
    Double value = optionalReal(field);
    return value == null ? otherwise : value;
  }

  public @Nullable Double optionalReal(String field) {
    JsonNode value = value(field);
    if (value == null) {
      return null;
    }
    if (!value.isNumber()) {
      throw wrong(field, "a number", value);
    }
    return value.doubleValue();
  }

  public boolean flag(String field, boolean otherwise) {
    JsonNode value = value(field);
    if (value == null) {
      return otherwise;
    }
    if (!value.isBoolean()) {
      throw wrong(field, "true or false", value);
    }
    return value.booleanValue();
  }

  public @Nullable String text(String field) {
    JsonNode value = value(field);
    if (value == null) {
      return null;
    }
    if (!value.isTextual()) {
      throw wrong(field, "a string", value);
    }
    return value.textValue();
  }

  public List<Integer> integers(String field, List<Integer> otherwise) {
    JsonNode value = value(field);
    if (value == null) {
      return otherwise;
    }
    if (!value.isArray()) {
      throw wrong(field, "a list of integers", value);
    }
    List<Integer> integers = new ArrayList<>();
    value.forEach(element -> integers.add(asInteger(field, element)));
    return integers;
  }

  /** Finite numbers; none where the field is null or left out. */
  public List<Double> reals(String field) {
    JsonNode value = value(field);
    if (value == null) {
      return List.of();
    }
    List<Double> reals = new ArrayList<>();
    for (JsonNode element : value) {
      reals.add(element.isNumber() ? element.doubleValue() : Double.NaN);
    }
    if (!value.isArray() || reals.stream().anyMatch(real -> !Double.isFinite(real))) {
      throw wrong(field, "a list of finite numbers", value);
    }
    return reals;
  }

  /** One integer for all of {@code count} levels, or a list with one for each. */
  public List<Integer> integerPerLevel(String field, int count, int otherwise) {
    JsonNode value = value(field);
    if (value == null || !value.isArray()) {
      return java.util.Collections.nCopies(
          count, value == null ? (Integer) otherwise : (Integer) asInteger(field, value));
    }
    List<Integer> each = integers(field, List.of());
    if (each.size() != count) {
      throw wrong(field, "one integer or " + count, value);
    }
    return each;
  }

  /**
   * One integer for all of {@code count} levels, or a list with one for each, or with a list of
   * several for some: a list for each level, of one element where it is one integer.
   */
  public List<List<Integer>> integersPerLevel(String field, int count, int otherwise) {
    JsonNode value = value(field);
    if (value == null || !value.isArray()) {
      return integerPerLevel(field, count, otherwise).stream().map(List::of).toList();
    }
    List<List<Integer>> each = new ArrayList<>();
    for (JsonNode level : value) {
      List<Integer> integers = new ArrayList<>();
      Iterable<JsonNode> elements = level.isArray() ? level : List.of(level);
      elements.forEach(element -> integers.add(asInteger(field, element)));
      each.add(List.copyOf(integers));
    }
    if (each.size() != count || each.contains(List.<Integer>of())) {
      throw wrong(
          field,
          "one integer, or one or a list of them for each of %d levels".formatted(count),
          value);
    }
    return each;
  }

  /** One flag for all of {@code count} levels, or a list with one for each. */
  public List<Boolean> flagPerLevel(String field, int count, boolean otherwise) {
    JsonNode value = value(field);
    if (value == null || !value.isArray()) {
      return java.util.Collections.nCopies(count, flag(field, otherwise));
    }
    List<Boolean> each = new ArrayList<>();
    for (JsonNode element : value) {
      if (!element.isBoolean()) {
        throw wrong(field, "true or false, or a list of them", value);
      }
      each.add(element.booleanValue());
    }
    if (each.size() != count) {
      throw wrong(field, "one flag or " + count, value);
    }
    return each;
  }

  /** A list of names of an enum's constants. */
  public <E extends Enum<E>> List<E> names(String field, Class<E> type, List<E> otherwise) {
    JsonNode value = value(field);
    if (value == null) {
      return otherwise;
    }
    if (!value.isArray()) {
      throw wrong(field, "a list of names", value);
    }
    List<E> names = new ArrayList<>();
    for (JsonNode element : value) {
      names.add(constant(field, type, element));
    }
    return names;
  }

  /** The name of an enum's constant. */
  public <E extends Enum<E>> @Nullable E name(String field, Class<E> type) {
    JsonNode value = value(field);
    return value == null ? null : constant(field, type, value);
  }

  /**
   * The one of some constants that {@code field} names as diffusers does.
   *
   * @param configName what diffusers calls a constant
   */
  @SafeVarargs
  public final <E> @Nullable E named(String field, Function<E, String> configName, E... constants) {
    only(field, Arrays.stream(constants).map(configName).toArray());
    String name = text(field);
    for (E constant : constants) {
      if (configName.apply(constant).equals(name)) {
        return constant;
      }
    }
    return null;
  }

  /** One of the non-linearities that diffusers has, by its name there. */
  public @Nullable Activation activation(String field) {
    only(field, "silu", "swish", "gelu", "mish", "relu");
    String name = text(field);
    if (name == null) {
      return null;
    }
    return name.equals("swish")
        ? Activation.SILU
        : Activation.valueOf(name.toUpperCase(Locale.ROOT));
  }

  public Activation activation(String field, Activation otherwise) {
    Activation value = activation(field);
    return value == null ? otherwise : value;
  }

  /**
   * Says that {@code field}, where it is there, may have these values only: others exist, but are
   * not supported.
   */
  public void only(String field, Object... supported) {
    JsonNode value = value(field);
    if (value == null) {
      return;
    }
    for (Object allowed : supported) {
      if (JSON.valueToTree(allowed).equals(value) || isSameNumber(allowed, value)) {
        return;
      }
    }
    throw wrong(
        field, "one of " + List.of(supported) + ", which is what this library supports", value);
  }

  /** Says that {@code field} may only be null or left out. */
  public void absent(String field) {
    JsonNode value = value(field);
    if (value != null) {
      throw wrong(field, "null, which is what this library supports", value);
    }
  }

  /** Whether {@code field} is there, and null. */
  public boolean isNull(String field) {
    read.add(field);
    return json.path(field).isNull();
  }

  /** Whether {@code field} is one flag, not a list of them or nothing. */
  public boolean isBoolean(String field) {
    return json.path(field).isBoolean();
  }

  public boolean isNullOrAbsent(String field) {
    return value(field) == null;
  }

  /** Fields that are there for others and change nothing here. */
  public void ignore(String... fields) {
    read.addAll(List.of(fields));
  }

  /**
   * @throws DiffusionException if a field was never asked for, and is not null or false, nor a note
   *     of the writer ({@code _...})
   */
  public void requireAllRead() {
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      JsonNode value = field.getValue();
      boolean silent =
          value.isNull()
              || value.isBoolean() && !value.booleanValue()
              || field.getKey().startsWith("_");
      if (!silent && !read.contains(field.getKey())) {
        throw DiffusionException.badCheckpoint(
            "%s: field %s is not supported by this library, but is set to %s"
                .formatted(name, field.getKey(), value));
      }
    }
  }

  private @Nullable JsonNode value(String field) {
    read.add(field);
    JsonNode value = json.get(field);
    return value == null || value.isNull() ? null : value;
  }

  private int asInteger(String field, JsonNode value) {
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw wrong(field, "an integer", value);
    }
    return value.intValue();
  }

  private <E extends Enum<E>> E constant(String field, Class<E> type, JsonNode value) {
    for (E constant : type.getEnumConstants()) {
      if (constant.name().equals(value.textValue())) {
        return constant;
      }
    }
    throw wrong(field, "one of " + List.of(type.getEnumConstants()), value);
  }

  private static boolean isSameNumber(Object allowed, JsonNode value) {
    return allowed instanceof Number number
        && value.isNumber()
        && number.doubleValue() == value.doubleValue();
  }

  private DiffusionException wrong(String field, String expected, JsonNode got) {
    return DiffusionException.badCheckpoint(
        "%s: %s: expected %s, got %s".formatted(name, field, expected, got));
  }
}
