package dev.darkroom.gateway.accept;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;

/** The inputs that one component of a model version's {@code openapi_schema} allows. */
public final class ModelInputs {
  private static final JsonSchemaFactory FACTORY =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V7);
  private static final SchemaValidatorsConfig CONFIG =
      SchemaValidatorsConfig.builder()
          .locale(Locale.ENGLISH)
          .nullableKeywordEnabled(true)
          .typeLoose(false)
          .build();

  private final JsonNode component;
  private final JsonSchema schema;

  private ModelInputs(JsonNode component, JsonSchema schema) {
    this.component = component;
    this.schema = schema;
  }

  /**
   * Compiles a component.
   *
   * @param openApi the document; references inside it are followed
   * @param name of the component under {@code components.schemas}
   */
  public static ModelInputs of(JsonNode openApi, String name) {
    JsonNode component = openApi.at("/components/schemas/" + name);
    if (!component.isObject()) {
      throw new DarkroomException(
          ErrorCode.INTERNAL, "openapi_schema: expected a component %s, got none".formatted(name));
    }
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.set("components", openApi.get("components"));
    root.putArray("allOf").addObject().put("$ref", "#/components/schemas/" + name);
    return new ModelInputs(component, FACTORY.getSchema(root, CONFIG));
  }

  /**
   * Checks inputs and fills in the defaults of those that are absent or null.
   *
   * @return a copy; the argument stays as it is
   * @throws DarkroomException {@link ErrorCode#INVALID_INPUT} with one sentence about the first
   *     input that does not fit
   */
  public ObjectNode complete(ObjectNode inputs) {
    ObjectNode complete = inputs.deepCopy();
    complete.properties().removeIf(member -> member.getValue().isNull());
    schema.validate(complete).stream()
        .min(Comparator.comparing(message -> message.getInstanceLocation().toString()))
        .ifPresent(ModelInputs::refuse);
    for (Map.Entry<String, JsonNode> property : component.path("properties").properties()) {
      JsonNode fallback = property.getValue().get("default");
      if (fallback != null && !complete.has(property.getKey())) {
        complete.set(property.getKey(), fallback);
      }
    }
    return complete;
  }

  private static void refuse(ValidationMessage message) {
    throw new DarkroomException(ErrorCode.INVALID_INPUT, SchemaSentence.of(message));
  }
}
