package dev.darkroom.jobs.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;

/**
 * The one form of JSON that jobs are stored and sent in: snake_case names, instants as ISO-8601. A
 * member that this version does not know is skipped, so that old code reads what newer code wrote.
 */
public final class Json {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .addModule(new JavaTimeModule())
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private Json() {}

  /** The mapper itself, for trees and for streams. */
  public static JsonMapper mapper() {
    return MAPPER;
  }

  /** A value's JSON text. */
  public static String write(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no JSON form of " + value.getClass().getName(), e);
    }
  }

  /**
   * Reads a value from JSON text.
   *
   * @throws DarkroomException {@link ErrorCode#INVALID_INPUT} where the text is not JSON, or not of
   *     that type
   */
  public static <T> T read(String text, Class<T> type) {
    try {
      return MAPPER.readValue(text, type);
    } catch (JsonProcessingException e) {
      throw invalid(type, e);
    }
  }

  /** The tree of JSON text; errors as {@link #read}. */
  public static JsonNode tree(String text) {
    return read(text, JsonNode.class);
  }

  /** Reads a value from a tree; errors as {@link #read}. */
  public static <T> T convert(JsonNode tree, Class<T> type) {
    try {
      return MAPPER.treeToValue(tree, type);
    } catch (JsonProcessingException e) {
      throw invalid(type, e);
    }
  }

  private static DarkroomException invalid(Class<?> type, JsonProcessingException e) {
    if (e.getCause() instanceof DarkroomException ours) {
      return ours;
    }
    return new DarkroomException(
        ErrorCode.INVALID_INPUT,
        "JSON: expected %s, got %s".formatted(type.getSimpleName(), e.getOriginalMessage()),
        e);
  }
}
