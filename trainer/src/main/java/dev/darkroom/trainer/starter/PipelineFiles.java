package dev.darkroom.trainer.starter;

import com.fasterxml.jackson.databind.node.BooleanNode;
import dev.darkroom.diffusion.checkpoint.ModelIndex;
import dev.darkroom.diffusion.checkpoint.ModelIndex.Component;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.trainer.data.DiskErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The files of the pipeline beside its networks: the index, and the noise schedule. */
final class PipelineFiles {
  private PipelineFiles() {}

  static void write(Path model) {
    try {
      Files.createDirectories(model.resolve("scheduler"));
      Files.writeString(model.resolve("scheduler/scheduler_config.json"), scheduler().toJson());
    } catch (IOException e) {
      throw DiskErrors.writing(model.resolve("scheduler"), e);
    }
    Map<String, Component> components = new LinkedHashMap<>();
    components.put("scheduler", new Component("diffusers", "DPMSolverMultistepScheduler"));
    components.put("text_encoder", new Component("transformers", "BertModel"));
    components.put("tokenizer", new Component("transformers", "BertTokenizer"));
    components.put("unet", new Component("diffusers", "UNet2DConditionModel"));
    components.put("vae", new Component("diffusers", "AutoencoderKL"));
    new ModelIndex(
            "StableDiffusionPipeline",
            components,
            Map.of("requires_safety_checker", BooleanNode.FALSE))
        .write(model, "safety_checker", "feature_extractor", "image_encoder");
  }

  /**
   * The fields that DPM-Solver does not know are for other samplers that start from this config.
   */
  private static SchedulerConfig scheduler() {
    return SchedulerConfig.ofClass("DPMSolverMultistepScheduler")
        .with("num_train_timesteps", 1000)
        .with("beta_start", 0.00085)
        .with("beta_end", 0.012)
        .with("beta_schedule", "scaled_linear")
        .with("prediction_type", "v_prediction")
        .with("algorithm_type", "dpmsolver++")
        .with("solver_order", 2)
        .with("solver_type", "midpoint")
        .with("timestep_spacing", "trailing")
        .with("clip_sample", false)
        .with("set_alpha_to_one", false)
        .with("steps_offset", 1)
        .with("skip_prk_steps", true);
  }
}
