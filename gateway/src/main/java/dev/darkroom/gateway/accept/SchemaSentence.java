package dev.darkroom.gateway.accept;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.ValidationMessage;
import java.util.Locale;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * What a schema has against an input, in one sentence: field, expected, got. The value of a member
 * that the schema does not know is never repeated: some clients send their own settings, token
 * included.
 */
final class SchemaSentence {
  private static final int LONGEST_VALUE = 60;

  private SchemaSentence() {}

  static String of(ValidationMessage message) {
    String path = message.getInstanceLocation().toString();
    String field = "input" + path.replace('/', '.');
    @Nullable JsonNode got = message.getInstanceNode();
    @Nullable JsonNode wanted = message.getSchemaNode();
    return switch (message.getType()) {
      case "required" ->
          "%s.%s: expected a value, got none".formatted(field, message.getProperty());
      case "additionalProperties" ->
          "%s: expected only the inputs of the model's openapi_schema, got \"%s\""
              .formatted(field, shorten(message.getProperty()));
      case "type" -> "%s: expected %s, got %s".formatted(field, plain(wanted), describe(got));
      case "enum" -> "%s: expected one of %s, got %s".formatted(field, list(wanted), describe(got));
      case "minimum" ->
          "%s: expected at least %s, got %s".formatted(field, plain(wanted), describe(got));
      case "maximum" ->
          "%s: expected at most %s, got %s".formatted(field, plain(wanted), describe(got));
      case "multipleOf" ->
          "%s: expected a multiple of %s, got %s".formatted(field, plain(wanted), describe(got));
      case "maxLength" ->
          "%s: expected at most %s characters, got %d"
              .formatted(field, plain(wanted), got == null ? 0 : got.asText().length());
      case "maxItems" ->
          "%s: expected at most %s items, got %d"
              .formatted(field, plain(wanted), got == null ? 0 : got.size());
      default ->
          "%s: expected what the model's openapi_schema says under %s, got %s"
              .formatted(field, message.getType(), describe(got));
    };
  }

  private static String list(@Nullable JsonNode values) {
    StringJoiner names = new StringJoiner(", ");
    if (values != null) {
      values.forEach(value -> names.add(value.asText()));
    }
    return names.toString();
  }

  private static String plain(@Nullable JsonNode value) {
    return value == null ? "another value" : value.asText();
  }

  private static String describe(@Nullable JsonNode got) {
    if (got == null) {
      return "nothing";
    }
    return switch (got.getNodeType()) {
      case ARRAY -> "an array";
      case OBJECT -> "an object";
      case STRING -> "\"" + shorten(got.asText()) + "\"";
      case BINARY, BOOLEAN, MISSING, NULL, NUMBER, POJO ->
          shorten(got.asText().toLowerCase(Locale.ROOT));
    };
  }

  private static String shorten(@Nullable String text) {
    if (text == null) {
      return "";
    }
    return text.length() <= LONGEST_VALUE ? text : text.substring(0, LONGEST_VALUE) + "…";
  }
}
