package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.ModelIndex;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.singlefile.SingleFile.Reading;
import dev.darkroom.diffusion.tokenizer.PromptTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a model's components are: a diffusers folder, a single file, or either with another
 * autoencoder. It is open while a pipeline is loaded from it.
 */
public sealed interface ModelSource extends AutoCloseable
    permits FolderSource, SingleFileSource, OtherAutoencoder {

  /**
   * A diffusers folder.
   *
   * @throws DiffusionException if there is no {@code model_index.json} in it
   */
  static ModelSource folder(Path folder) {
    return new FolderSource(folder, ModelIndex.read(folder));
  }

  /**
   * A single file in the layout of its family's original.
   *
   * @param reading what the file does not say of itself
   * @throws DiffusionException if it is no whole file of a family that makes pictures
   */
  static ModelSource singleFile(Path file, Reading reading) {
    return SingleFileSource.open(file, reading);
  }

  /** A folder, or a single file that says all of itself. */
  static ModelSource of(Path path) {
    return Files.isDirectory(path) ? folder(path) : singleFile(path, Reading.detected());
  }

  /**
   * The same with another autoencoder; closing it closes this one.
   *
   * @param vae a component's folder, a model's folder, or a single file
   * @param reading of a single file
   */
  default ModelSource withAutoencoder(Path vae, Reading reading) {
    return OtherAutoencoder.of(this, vae, reading);
  }

  /** What errors call it. */
  Path place();

  /** Which pipeline it is, and which components it has. */
  ModelIndex index();

  /** A component's {@code config.json}. */
  ModelConfig config(String component);

  /** A component's weights by diffusers' keys; the caller closes them. */
  Checkpoint weights(String component);

  /** A tokenizer, which outlives this source. */
  PromptTokenizer tokenizer(String name);

  /** A {@code scheduler_config.json}. */
  SchedulerConfig scheduler(String name);

  @Override
  void close();
}
