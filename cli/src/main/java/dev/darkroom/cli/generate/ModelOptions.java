package dev.darkroom.cli.generate;

import dev.darkroom.cli.console.Console;
import dev.darkroom.cli.console.DeviceOption;
import dev.darkroom.cli.console.ModelPath;
import dev.darkroom.cli.console.SingleFileOptions;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.pipeline.DiffusionPipeline;
import dev.darkroom.diffusion.pipeline.ModelSource;
import dev.darkroom.diffusion.pipeline.Precision;
import dev.darkroom.diffusion.pipeline.StableDiffusionPipeline;
import dev.darkroom.diffusion.pipeline.UnconditionalPipeline;
import dev.darkroom.diffusion.schedule.PredictionType;
import dev.darkroom.diffusion.singlefile.SingleFile.Reading;
import dev.darkroom.diffusion.text.TextualInversion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model, and what is put into it. */
final class ModelOptions {
  @Option(
      names = "--model",
      paramLabel = "PATH",
      description =
          "a diffusers folder, or a single .safetensors or .ckpt file; default: the starter model")
  private @Nullable Path model;

  @Mixin private SingleFileOptions singleFile = new SingleFileOptions();

  @Option(
      names = "--vae",
      paramLabel = "PATH",
      description = "another autoencoder: a component's or a model's folder, or a single file")
  private @Nullable Path vae;

  @Option(
      names = "--embedding",
      paramLabel = "FILE",
      description =
          "what textual inversion learned, named in prompts by the token in the file; repeatable")
  private List<Path> embeddings = new ArrayList<>();

  @Mixin private DeviceOption device = new DeviceOption();

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description =
          "what it computes with: float32 (default), bfloat16, int8, float16 on a GPU, or auto, the"
              + " fastest of them here; pictures differ a little from float32's")
  private String dtype = "float32";

  @Option(
      names = "--memory",
      paramLabel = "MODE,...",
      description =
          MemoryMode.NAMES
              + ": tiles for large pictures; one component in memory at a time; slices are how"
              + " everything runs anyway; default: whole pictures, all components")
  private @Nullable String memory;

  /**
   * @throws DiffusionException if there is nothing that could be a model
   */
  Path path() {
    precision();
    memory();
    singleFile.prediction();
    Path path = ModelPath.any(model);
    if (Files.isDirectory(path) && singleFile.family() != null) {
      throw DiffusionException.badInput(
          "--family: expected none for the diffusers folder %s, which says what it is"
              .formatted(path));
    }
    if (vae != null && !Files.exists(vae)) {
      throw DiffusionException.badInput(
          "--vae: expected a folder or a single file, found nothing at " + vae);
    }
    return path;
  }

  /**
   * @throws DiffusionException if it is none, or one that this device cannot compute
   */
  Precision precision() {
    return Precision.parse(dtype, device.device());
  }

  private Set<MemoryMode> memory() {
    return memory == null ? Set.of() : MemoryMode.parse(memory);
  }

  /** Says what was chosen where the choice was left to the program. */
  void announce(Console console) {
    if (dtype.equals(Precision.AUTO)) {
      console.progress("computing in " + precision().torchName() + ", the fastest here");
    }
  }

  /** What a user may ask of a model; throws where it does not fit. */
  interface Fitting {
    /**
     * @param readsText whether the model is conditioned on a text; told without its weights
     */
    void check(boolean readsText);
  }

  /** The model with what is put into it; what does not fit is refused before weights are read. */
  DiffusionPipeline load(Path path, Fitting fitting) {
    PredictionType prediction = singleFile.prediction();
    boolean tiled = memory().contains(MemoryMode.VAE_TILING);
    DiffusionPipeline loaded = loaded(path, fitting);
    boolean whole = false;
    try {
      DiffusionPipeline pipeline =
          switch (loaded) {
            case StableDiffusionPipeline stable -> {
              StableDiffusionPipeline changed =
                  withEmbeddings(prediction == null ? stable : stable.predicting(prediction));
              yield tiled ? changed.tiled() : changed;
            }
            case UnconditionalPipeline plain -> {
              UnconditionalPipeline changed =
                  prediction == null ? plain : plain.predicting(prediction);
              yield tiled ? changed.tiled() : changed;
            }
          };
      whole = true;
      return pipeline;
    } finally {
      if (!whole) {
        loaded.close();
      }
    }
  }

  private DiffusionPipeline loaded(Path path, Fitting fitting) {
    Supplier<ModelSource> opener = () -> checked(source(path), fitting);
    return memory().contains(MemoryMode.MODEL_OFFLOAD)
        ? DiffusionPipeline.offloaded(opener, device.device(), precision())
        : DiffusionPipeline.load(opener, device.device(), precision());
  }

  private static ModelSource checked(ModelSource source, Fitting fitting) {
    boolean fits = false;
    try {
      fitting.check(DiffusionPipeline.readsText(source));
      fits = true;
      return source;
    } finally {
      if (!fits) {
        source.close();
      }
    }
  }

  private ModelSource source(Path path) {
    Reading reading = singleFile.reading(false);
    ModelSource source =
        Files.isDirectory(path) ? ModelSource.folder(path) : ModelSource.singleFile(path, reading);
    if (vae == null) {
      return source;
    }
    boolean whole = false;
    try {
      ModelSource other = source.withAutoencoder(vae, reading);
      whole = true;
      return other;
    } finally {
      if (!whole) {
        source.close();
      }
    }
  }

  private StableDiffusionPipeline withEmbeddings(StableDiffusionPipeline pipeline) {
    return embeddings.isEmpty()
        ? pipeline
        : pipeline.with(
            embeddings.stream().map(file -> TextualInversion.load(file, null)).toList());
  }
}
