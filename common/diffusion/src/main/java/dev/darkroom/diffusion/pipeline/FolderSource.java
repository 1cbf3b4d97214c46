package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.ModelIndex;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.tokenizer.PromptTokenizer;
import java.nio.file.Path;

/** A diffusers folder. */
record FolderSource(Path place, ModelIndex index) implements ModelSource {
  @Override
  public ModelConfig config(String component) {
    return ComponentFolder.config(place.resolve(component));
  }

  @Override
  public Checkpoint weights(String component) {
    return Checkpoint.open(place.resolve(component));
  }

  @Override
  public PromptTokenizer tokenizer(String name) {
    return PromptTokenizer.load(place.resolve(name));
  }

  @Override
  public SchedulerConfig scheduler(String name) {
    return SchedulerConfig.read(place.resolve(name).resolve("scheduler_config.json"));
  }

  @Override
  public void close() {}
}
