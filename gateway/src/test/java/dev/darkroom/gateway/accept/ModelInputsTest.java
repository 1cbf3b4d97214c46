package dev.darkroom.gateway.accept;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.spec.SchedulerName;
import dev.darkroom.jobs.spec.TextToImageSchema;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelInputsTest {
  private static final TextToImageSchema SCHEMA =
      new TextToImageSchema(
          128, 128, 8, 512, List.of(SchedulerName.DPMPP_2M, SchedulerName.DDIM), 20, 4.0);

  private final ModelInputs inputs = ModelInputs.of(SCHEMA.openApi(), "Input");

  @Test
  void absentAndNullInputsTakeTheDefaultsOfTheSchema() {
    ObjectNode complete = inputs.complete(object("{'prompt':'a red apple','width':null}"));
    assertEquals(128, complete.get("width").intValue());
    assertEquals(20, complete.get("num_inference_steps").intValue());
    assertEquals("dpmpp-2m", complete.get("scheduler").textValue());
    assertEquals("png", complete.get("output_format").textValue());
    assertFalse(complete.has("seed"));
  }

  @Test
  void givenInputsStayAsTheyAre() {
    ObjectNode complete = inputs.complete(object("{'prompt':'x','width':256,'seed':7}"));
    assertEquals(256, complete.get("width").intValue());
    assertEquals(7, complete.get("seed").intValue());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "{};input.prompt: expected a value, got none",
        "{'prompt':3};input.prompt: expected string, got 3",
        "{'prompt':['a']};input.prompt: expected string, got an array",
        "{'prompt':'a','width':'128'};input.width: expected integer, got \"128\"",
        "{'prompt':'a','width':12.5};input.width: expected integer, got 12.5",
        "{'prompt':'a','width':100};input.width: expected a multiple of 8, got 100",
        "{'prompt':'a','width':1000000000};input.width: expected at most 512, got 1000000000",
        "{'prompt':'a','width':-8};input.width: expected at least 8, got -8",
        "{'prompt':'a','guidance_scale':1e999};input.guidance_scale: expected at most 100.0, got infinity",
        "{'prompt':'a','num_outputs':0};input.num_outputs: expected at least 1, got 0",
        "{'prompt':'a','output_format':'exe'};input.output_format: expected one of png, jpg, webp, jpeg, got \"exe\"",
        "{'prompt':'a','seed':true};input.seed: expected integer, got true",
        "{'prompt':'a','promt':'secret'};input: expected only the inputs of the model's openapi_schema, got \"promt\""
      })
  void inputThatDoesNotFitIsNamedWithWhatWasExpectedAndWhatCame(String json, String sentence) {
    DarkroomException refused =
        assertThrows(DarkroomException.class, () -> inputs.complete(object(json)));
    assertEquals(ErrorCode.INVALID_INPUT, refused.code());
    assertEquals(sentence, refused.getMessage());
  }

  @Test
  void megabyteOfPromptIsRefusedByItsLengthAndNotRepeated() {
    ObjectNode input = object("{}").put("prompt", "x".repeat(1_000_000));
    DarkroomException refused = assertThrows(DarkroomException.class, () -> inputs.complete(input));
    assertEquals(
        "input.prompt: expected at most 4000 characters, got 1000000", refused.getMessage());
  }

  private static ObjectNode object(String json) {
    return Json.read(json.replace('\'', '"'), ObjectNode.class);
  }
}
