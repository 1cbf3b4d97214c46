package dev.darkroom.jobs.spec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.jobs.Specs;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.Json;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class TextToImageSchemaTest {
  private static final TextToImageSchema SCHEMA =
      new TextToImageSchema(
          128, 128, 8, 256, List.of(SchedulerName.DPMPP_2M, SchedulerName.DDIM), 20, 4.5);

  @Test
  void itsDefaultsAreASpec() {
    ObjectNode input = defaults(SCHEMA.openApi().at("/components/schemas/Input"));
    input.put("type", "generation").put("prompt", "a red apple").put("seed", 1);
    input.put("model", Specs.MODEL.toString()).put("version", Specs.VERSION.hex());
    GenerationSpec spec = Json.convert(input, GenerationSpec.class);
    assertEquals(128, spec.width());
    assertEquals(SchedulerName.DPMPP_2M, spec.scheduler());
    assertEquals(4.5, spec.guidanceScale());
  }

  @Test
  void itsTrainingDefaultsAreASpec() {
    ObjectNode input = defaults(SCHEMA.openApi().at("/components/schemas/TrainingInput"));
    input.put("type", "training").put("seed", 1).put("destination", "me/mine");
    input.put("model", Specs.MODEL.toString()).put("version", Specs.VERSION.hex());
    input.set("dataset", Json.mapper().valueToTree(Specs.training(Specs.MODEL).dataset()));
    TrainingSpec spec = Json.convert(input, TrainingSpec.class);
    assertEquals(128, spec.resolution());
    assertEquals(Recipe.LATENT_DIFFUSION, spec.recipe());
  }

  @Test
  void namesEveryInputOfTheSpecAndNoOther() {
    JsonNode input = SCHEMA.openApi().at("/components/schemas/Input");
    var names =
        input.path("properties").properties().stream()
            .map(Map.Entry::getKey)
            .collect(Collectors.toSet());
    var members =
        Json.tree(Json.write(Specs.generation("x"))).properties().stream()
            .map(Map.Entry::getKey)
            .filter(name -> !List.of("type", "model", "version").contains(name))
            .collect(Collectors.toSet());
    assertEquals(members, names);
    assertEquals("[\"prompt\"]", input.path("required").toString());
    assertEquals(8, input.at("/properties/width/multipleOf").asInt());
    assertEquals(256, input.at("/properties/width/maximum").asInt());
    assertTrue(input.at("/properties/scheduler/enum").toString().contains("\"DDIM\""));
    assertTrue(SCHEMA.openApi().at("/components/schemas/Output").isObject());
  }

  @Test
  void refusesADefaultSizeThatIsNoMultiple() {
    DarkroomException e =
        assertThrows(
            DarkroomException.class,
            () -> new TextToImageSchema(100, 128, 8, 256, List.of(SchedulerName.DDIM), 20, 5));
    assertEquals("size: expected multiples of 8, got 100x128", e.getMessage());
  }

  private static ObjectNode defaults(JsonNode schema) {
    ObjectNode input = Json.mapper().createObjectNode();
    schema
        .path("properties")
        .properties()
        .forEach(
            property -> {
              if (property.getValue().has("default")) {
                input.set(property.getKey(), property.getValue().path("default"));
              }
            });
    return input;
  }
}
