package dev.darkroom.jobs.spec;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Collects the properties of an input component in the form that Replicate's clients and forms
 * read: {@code x-order} is the order in which they are shown, and nothing else is allowed in.
 */
final class InputSchema {
  private final ObjectNode schema = JsonNodeFactory.instance.objectNode();
  private final ObjectNode properties;
  private final ArrayNode required;

  InputSchema(String title) {
    schema.put("title", title).put("type", "object");
    properties = schema.putObject("properties");
    required = schema.putArray("required");
    schema.put("additionalProperties", false);
  }

  ObjectNode string(String name, String description) {
    return property(name, "string", description);
  }

  ObjectNode array(String name, String description) {
    return property(name, "array", description);
  }

  ObjectNode integer(String name, String description, long min, long max) {
    return property(name, "integer", description).put("minimum", min).put("maximum", max);
  }

  ObjectNode number(String name, String description, double min, double max) {
    return property(name, "number", description).put("minimum", min).put("maximum", max);
  }

  void required(String name) {
    required.add(name);
  }

  ObjectNode node() {
    return schema;
  }

  private ObjectNode property(String name, String type, String description) {
    ObjectNode property = properties.putObject(name);
    property.put("title", title(name)).put("type", type).put("description", description);
    return property.put("x-order", properties.size() - 1);
  }

  private static String title(String name) {
    return Character.toUpperCase(name.charAt(0)) + name.substring(1).replace('_', ' ');
  }
}
