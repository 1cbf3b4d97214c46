package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.ModelIndex;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.singlefile.DiffusersFolder;
import dev.darkroom.diffusion.singlefile.SingleFile;
import dev.darkroom.diffusion.singlefile.SingleFile.Component;
import dev.darkroom.diffusion.singlefile.SingleFile.Reading;
import dev.darkroom.diffusion.tokenizer.PromptTokenizer;
import java.nio.file.Path;
import java.util.function.Function;

/**
 * A single file. What it does not hold, its tokenizers and schedulers, comes from the folder of
 * configs that the user names, else from what is published for its family.
 */
record SingleFileSource(SingleFile file, ModelIndex index) implements ModelSource {

  static SingleFileSource open(Path path, Reading reading) {
    SingleFile file = SingleFile.open(path, reading);
    boolean opened = false;
    try {
      if (file.family().isOneComponent()) {
        throw DiffusionException.badInput(
            "%s: expected a whole model, got a single file of family %s alone"
                .formatted(path, file.family().configName()));
      }
      file.requireNothingElse();
      ModelIndex index = ModelIndex.of(file.index().name(), file.index().json());
      opened = true;
      return new SingleFileSource(file, index);
    } finally {
      if (!opened) {
        file.close();
      }
    }
  }

  @Override
  public Path place() {
    return file.file().place();
  }

  private Component component(String name) {
    Component component = file.components().get(name);
    if (component == null) {
      throw DiffusionException.badCheckpoint(
          "%s: expected the %s of a model of family %s, got none"
              .formatted(place(), name, file.family().configName()));
    }
    return component;
  }

  @Override
  public ModelConfig config(String component) {
    return component(component).config().reader();
  }

  @Override
  public Checkpoint weights(String component) {
    return component(component).weights(); // a view: the file is closed with this source
  }

  @Override
  public PromptTokenizer tokenizer(String name) {
    PromptTokenizer published = file.publishedTokenizer(name);
    return published == null ? part(name, PromptTokenizer::load) : published;
  }

  @Override
  public SchedulerConfig scheduler(String name) {
    return name.equals("scheduler")
        ? SchedulerConfig.of(file.scheduler().json())
        : part(name, folder -> SchedulerConfig.read(folder.resolve("scheduler_config.json")));
  }

  private <T> T part(String name, Function<Path, T> reader) {
    try (ScratchFolder scratch = ScratchFolder.make()) {
      if (!DiffusersFolder.writePart(file, name, scratch.path())) {
        throw DiffusionException.badCheckpoint(
            "%s: expected a %s, which a single file does not hold and the family %s has none published; name a diffusers folder with its configs"
                .formatted(place(), name, file.family().configName()));
      }
      return reader.apply(scratch.path().resolve(name));
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
