package dev.darkroom.trainer.recipe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.diffusion.DiffusionException;

/**
 * Training configs as JSON: snake case, what is left out has the recipe's default, nothing unknown.
 */
final class Configs {
  private static final ObjectMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  private Configs() {}

  /**
   * @param what the config's name in errors
   * @throws DiffusionException naming the first field that is unknown or out of range
   */
  static <C> C read(String what, String json, C defaults, Class<C> type) {
    try {
      JsonNode given = JSON.readTree(json);
      if (!(given instanceof ObjectNode fields)) {
        throw DiffusionException.badInput(what + ": expected a JSON object");
      }
      ObjectNode merged = JSON.valueToTree(defaults);
      merge(merged, fields);
      return JSON.treeToValue(merged, type);
    } catch (UnrecognizedPropertyException e) {
      throw DiffusionException.badInput(
          "%s: unknown field %s; it has %s"
              .formatted(what, e.getPropertyName(), e.getKnownPropertyIds()));
    } catch (JsonProcessingException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof DiffusionException refused) {
          throw DiffusionException.badInput(what + ": " + refused.getMessage());
        }
      }
      throw DiffusionException.badInput(what + ": " + e.getOriginalMessage());
    }
  }

  /** One line, fields in a fixed order: part of a run's identity. */
  static String write(Object config) {
    try {
      return JSON.writeValueAsString(config);
    } catch (JsonProcessingException e) {
      throw DiffusionException.internal("a config does not become JSON", e);
    }
  }

  static JsonNode tree(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw DiffusionException.badInput("model: " + e.getOriginalMessage());
    }
  }

  /**
   * {@code model} is a component's own config and is replaced whole; other objects merge by field.
   */
  private static void merge(ObjectNode into, ObjectNode given) {
    given
        .properties()
        .forEach(
            field -> {
              if (into.get(field.getKey()) instanceof ObjectNode old
                  && field.getValue() instanceof ObjectNode values
                  && !field.getKey().equals("model")) {
                merge(old, values);
              } else {
                into.set(field.getKey(), field.getValue());
              }
            });
  }
}
