package dev.darkroom.jobs.spec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * What a text-to-image model version takes and what it answers, from which its {@code
 * openapi_schema} is made. The same document carries the inputs of a training that starts from it.
 *
 * @param width default width, in pixels
 * @param height default height, in pixels
 * @param factor sizes are multiples of it: the autoencoder's factor times what the U-Net halves
 * @param maxSide longest side, in pixels
 * @param schedulers samplers on offer; the first is the default
 * @param steps default step count
 * @param guidanceScale default guidance
 */
public record TextToImageSchema(
    int width,
    int height,
    int factor,
    int maxSide,
    List<SchedulerName> schedulers,
    int steps,
    double guidanceScale) {

  public TextToImageSchema {
    schedulers = List.copyOf(schedulers);
    Check.range("schedulers", schedulers.size(), 1, SchedulerName.values().length);
    Check.range("factor", factor, 1, 512);
    Check.range("max_side", maxSide, factor, GenerationSpec.MAX_SIDE);
    Check.range("width", width, factor, maxSide);
    Check.range("height", height, factor, maxSide);
    if (width % factor != 0 || height % factor != 0) {
      throw Check.invalid(
          "size: expected multiples of %d, got %dx%d".formatted(factor, width, height));
    }
  }

  /** The OpenAPI 3 document, with Input, Output, TrainingInput and TrainingOutput as components. */
  public JsonNode openApi() {
    ObjectNode document = JsonNodeFactory.instance.objectNode();
    document.put("openapi", "3.0.2");
    document.putObject("info").put("title", "Darkroom").put("version", "0.1.0");
    document.putObject("paths");
    ObjectNode schemas = document.putObject("components").putObject("schemas");
    schemas.set("Input", input());
    schemas.set("Output", output());
    TrainingSchema training = new TrainingSchema(width, factor, maxSide);
    schemas.set("TrainingInput", training.input());
    schemas.set("TrainingOutput", training.output());
    return document;
  }

  private ObjectNode input() {
    InputSchema input = new InputSchema("Input");
    input.string("prompt", "What the image shows").put("maxLength", GenerationSpec.MAX_PROMPT);
    input.required("prompt");
    input
        .string("negative_prompt", "What the image must not show")
        .put("maxLength", GenerationSpec.MAX_PROMPT)
        .put("default", "");
    side(input, "width", width);
    side(input, "height", height);
    input
        .integer("num_outputs", "Number of images", 1, GenerationSpec.MAX_OUTPUTS)
        .put("default", 1);
    input
        .integer("num_inference_steps", "Denoising steps", 1, GenerationSpec.MAX_STEPS)
        .put("default", steps);
    input
        .number(
            "guidance_scale", "Classifier-free guidance; 1 is none", 0, GenerationSpec.MAX_GUIDANCE)
        .put("default", guidanceScale);
    ObjectNode scheduler = input.string("scheduler", "Sampler");
    ArrayNode names = scheduler.putArray("enum");
    for (SchedulerName name : schedulers) {
      names.add(name.shortName());
      name.aliases().forEach(names::add);
    }
    scheduler.put("default", schedulers.getFirst().shortName());
    input
        .integer("seed", "Seed; drawn at random where absent", 0, GenerationSpec.MAX_SEED)
        .put("nullable", true);
    ObjectNode format = input.string("output_format", "Image format");
    ArrayNode formats = format.putArray("enum");
    for (OutputFormat value : OutputFormat.values()) {
      formats.add(value.extension());
    }
    formats.add("jpeg");
    format.put("default", OutputFormat.PNG.extension());
    return input.node();
  }

  private void side(InputSchema input, String name, int value) {
    input
        .integer(name, "Pixels, a multiple of " + factor, factor, maxSide)
        .put("multipleOf", factor)
        .put("default", value);
  }

  private static ObjectNode output() {
    ObjectNode output = JsonNodeFactory.instance.objectNode();
    output.put("title", "Output").put("type", "array");
    output.putObject("items").put("type", "string").put("format", "uri");
    return output;
  }
}
