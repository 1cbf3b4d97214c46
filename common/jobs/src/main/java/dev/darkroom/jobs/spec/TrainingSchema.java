package dev.darkroom.jobs.spec;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What a training takes: the names are {@link TrainingSpec}'s, but for {@code input_images}, the
 * URL or the {@code /v1/files} URL of the archive, which the gateway turns into a {@link Dataset}.
 *
 * @param resolution default side of the training pictures, in pixels
 * @param factor sizes are multiples of it
 * @param maxSide longest side, in pixels
 */
public record TrainingSchema(int resolution, int factor, int maxSide) {

  /** The TrainingInput component. */
  public ObjectNode input() {
    InputSchema input = new InputSchema("TrainingInput");
    input
        .string("input_images", "A zip of images, with metadata.jsonl lines of {file_name, text}")
        .put("format", "uri");
    input.required("input_images");
    ObjectNode recipe = input.string("recipe", "What is trained");
    ArrayNode recipes = recipe.putArray("enum");
    for (Recipe value : Recipe.values()) {
      recipes.add(value.text());
    }
    recipe.put("default", Recipe.LATENT_DIFFUSION.text());
    input.integer("steps", "Optimizer steps", 1, TrainingSpec.MAX_STEPS).put("default", 1000);
    input.integer("batch_size", "Pictures of one forward", 1, 4096).put("default", 8);
    input.integer("gradient_accumulation_steps", "Forwards of one step", 1, 4096).put("default", 1);
    input
        .integer("resolution", "Side of the training pictures", factor, maxSide)
        .put("multipleOf", factor)
        .put("default", resolution);
    input.number("learning_rate", "After the warm-up", 1e-9, 1).put("default", 1e-4);
    ObjectNode schedule = input.string("lr_scheduler", "After the warm-up");
    ArrayNode schedules = schedule.putArray("enum");
    for (LearningRateSchedule value : LearningRateSchedule.values()) {
      schedules.add(value.text());
    }
    schedule.put("default", LearningRateSchedule.CONSTANT.text());
    input
        .integer("lr_warmup_steps", "Steps of linear warm-up", 0, TrainingSpec.MAX_STEPS)
        .put("default", 0);
    input.number("max_grad_norm", "Gradients are clipped to it", 1e-6, 1e6).put("default", 1.0);
    input
        .number("ema_decay", "Of the averaged weights; 0 is none", 0, 0.999999)
        .put("default", 0.999);
    input
        .number("caption_dropout", "Share of captions trained as the empty prompt", 0, 1)
        .put("default", 0.1);
    input
        .number("snr_gamma", "Min-SNR weighting; none where absent", 1e-3, 1e3)
        .put("nullable", true);
    ObjectNode precision =
        input.string("mixed_precision", "bf16 trains the U-Net in bfloat16, where it is faster");
    ArrayNode precisions = precision.putArray("enum");
    for (MixedPrecision value : MixedPrecision.values()) {
      precisions.add(value.text());
    }
    precision.put("default", MixedPrecision.NO.text());
    input
        .number(
            "timestep_shift",
            "Above 1 noisy times are drawn more often, as Stable Diffusion 3 does",
            TrainingSpec.MIN_TIMESTEP_SHIFT,
            TrainingSpec.MAX_TIMESTEP_SHIFT)
        .put("default", 1.0);
    input
        .integer("checkpointing_steps", "Steps between checkpoints", 1, TrainingSpec.MAX_STEPS)
        .put("default", 100);
    input
        .integer("validation_steps", "Steps between sample grids", 1, TrainingSpec.MAX_STEPS)
        .put("default", 100);
    ObjectNode prompts = input.array("validation_prompts", "Prompts of the sample grids");
    prompts.put("maxItems", TrainingSpec.MAX_VALIDATION_PROMPTS);
    prompts.putObject("items").put("type", "string").put("maxLength", GenerationSpec.MAX_PROMPT);
    prompts.putArray("default");
    input
        .integer("seed", "Seed; drawn at random where absent", 0, GenerationSpec.MAX_SEED)
        .put("nullable", true);
    return input.node();
  }

  /** The TrainingOutput component. */
  public ObjectNode output() {
    ObjectNode output = JsonNodeFactory.instance.objectNode();
    output.put("title", "TrainingOutput").put("type", "object");
    ObjectNode properties = output.putObject("properties");
    properties.putObject("version").put("type", "string");
    properties.putObject("weights").put("type", "string").put("format", "uri");
    output.putArray("required").add("version");
    return output;
  }
}
